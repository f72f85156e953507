using System.Globalization;
using System.Text;

namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>The figures of a run.</summary>
/// <param name="tallies">One for each reader, by its name.</param>
internal sealed class FuzzReport(Dictionary<string, FuzzTally> tallies)
{
    private readonly List<string> _hangs = [];

    public Dictionary<string, FuzzTally> Tallies { get; } = tallies;

    public TimeSpan Elapsed { get; set; }

    public int Hangs => _hangs.Count;

    /// <summary>Everything that must not happen, a line each or more, with the way to see it again.</summary>
    public IReadOnlyList<string> Faults => [.. _hangs, .. Tallies.Values.SelectMany(tally => tally.Faults)];

    public void AddHang(string execution, TimeSpan longest) =>
        _hangs.Add(string.Create(CultureInfo.InvariantCulture, $"{execution}: hangs; not done after {longest.TotalSeconds} s"));

    /// <summary>The table, then the faults.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Line("reader", "executions", "accepted", "rejected", "kinds", "faults", "peak MB");
        FuzzTally total = new();
        foreach ((string reader, FuzzTally tally) in Tallies)
        {
            Line(reader, tally);
            total.Add(tally);
        }
        Line("all", total);
        text.Append(CultureInfo.InvariantCulture, $"hangs {Hangs}, {Elapsed.TotalSeconds:0} s, kinds: distinct error messages without numbers and names\n");
        foreach (string fault in Faults)
            text.Append(CultureInfo.InvariantCulture, $"FAULT {fault}\n");
        return text.ToString();

        void Line(string reader, params object[] figures)
        {
            object[] shown = figures is [FuzzTally t] ? [t.Executions, t.Accepted, t.Rejected, t.Kinds.Count, t.Faulty, $"{t.PeakBytes / 1e6:0.0}"] : figures;
            text.Append(reader.PadRight(24)).AppendJoin(' ', shown.Select(figure => string.Create(CultureInfo.InvariantCulture, $"{figure,11}"))).Append('\n');
        }
    }

    /// <summary>Every kind of error and how often it was given, most frequent first.</summary>
    public IEnumerable<string> Kinds() =>
        from tally in Tallies
        from kind in tally.Value.Kinds.OrderByDescending(kind => kind.Value)
        select string.Create(CultureInfo.InvariantCulture, $"{tally.Key,-24} {kind.Value,9} {kind.Key}");
}
