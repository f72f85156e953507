using System.Diagnostics;

namespace MyGpt.CommandLine.Bench;

/// <summary>Repeats a measurement until its spread says something.</summary>
internal static class Repeat
{
    private const int Fewest = 5, Most = 200;
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.3), Enough = TimeSpan.FromSeconds(1);

    /// <summary>Warms up, then measures at least five times and for about a second.</summary>
    /// <param name="measure">One measurement.</param>
    /// <param name="interrupted">Ends the command.</param>
    public static Spread Measure(Func<double> measure, CancellationToken interrupted)
    {
        // Until the code is compiled for good, which happens in the background.
        long start = Stopwatch.GetTimestamp();
        do
        {
            interrupted.ThrowIfCancellationRequested();
            measure();
        }
        while (Stopwatch.GetElapsedTime(start) < WarmUp);

        var values = new List<double>();
        start = Stopwatch.GetTimestamp();
        while (values.Count < Fewest || (values.Count < Most && Stopwatch.GetElapsedTime(start) < Enough))
        {
            interrupted.ThrowIfCancellationRequested();
            values.Add(measure());
        }
        return Spread.Of(values);
    }
}
