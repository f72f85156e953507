using System.Diagnostics;

namespace MyGpt.CommandLine.Bench;

/// <summary>Repeats a measurement until its spread says something.</summary>
internal static class Repeat
{
    private const int Fewest = 5, Most = 200;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(1);

    /// <summary>Measures once to warm up, then at least five times and for about a second.</summary>
    /// <param name="measure">One measurement.</param>
    /// <param name="interrupted">Ends the command.</param>
    public static Spread Measure(Func<double> measure, CancellationToken interrupted)
    {
        measure();
        var values = new List<double>();
        long start = Stopwatch.GetTimestamp();
        while (values.Count < Fewest || (values.Count < Most && Stopwatch.GetElapsedTime(start) < Enough))
        {
            interrupted.ThrowIfCancellationRequested();
            values.Add(measure());
        }
        return Spread.Of(values);
    }
}
