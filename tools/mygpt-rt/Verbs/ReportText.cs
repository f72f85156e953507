using System.Text.Json;
using MyGpt.Checkpoints;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Verbs;

/// <summary>The lines of the converter's report: found, assumed and left out belong to the result, warnings to standard error.</summary>
internal static class ReportText
{
    /// <summary>Adds all lines but warnings to a table of two columns, each kind named once.</summary>
    public static void Add(TextTable table, IEnumerable<ReportLine> lines)
    {
        IEnumerable<ReportLine> shown = lines.Where(line => line.Kind != ReportKind.Warning);
        foreach (IGrouping<ReportKind, ReportLine> group in shown.GroupBy(line => line.Kind).OrderBy(group => group.Key))
        {
            string label = Label(group.Key);
            IEnumerable<string> texts = group.Select(line => line.Text);
            foreach (string text in group.Key == ReportKind.Placed ? AlignArrows(texts) : texts)
            {
                table.Add(label, Messages.OneLine(text));
                label = "";
            }
        }
    }

    /// <summary>The texts <c>FOUND -> BECAME</c> of <see cref="ReportKind.Placed"/> lines, one arrow below the other as far as that is readable.</summary>
    public static IEnumerable<string> AlignArrows(IEnumerable<string> placed)
    {
        const string Arrow = " -> ";
        const int WidestColumn = 60;
        int[] ends = [.. placed.Select(text => Math.Max(0, text.LastIndexOf(Arrow, StringComparison.Ordinal)))];
        int width = ends.Where(end => end <= WidestColumn).DefaultIfEmpty().Max();
        return placed.Zip(ends, (text, end) => text[..end].PadRight(width) + text[end..]);
    }

    /// <summary>Writes one array of strings for each kind.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<ReportLine> lines)
    {
        foreach (ReportKind kind in Enum.GetValues<ReportKind>())
        {
            json.WriteStartArray(Label(kind).Replace(' ', '_'));
            foreach (ReportLine line in lines.Where(line => line.Kind == kind))
                json.WriteStringValue(line.Text);
            json.WriteEndArray();
        }
    }

    /// <summary>Prints the warnings.</summary>
    public static void Warn(IEnumerable<ReportLine> lines, CommandConsole console)
    {
        foreach (ReportLine line in lines.Where(line => line.Kind == ReportKind.Warning))
            console.Messages.Warning(line.Text);
    }

    private static string Label(ReportKind kind) => kind switch
    {
        ReportKind.Found => "found",
        ReportKind.Assumed => "assumed",
        ReportKind.LeftOut => "left out",
        ReportKind.Placed => "placed",
        ReportKind.Warning => "warnings",
    };
}
