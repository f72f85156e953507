using System.Diagnostics;

namespace MyGpt.CommandLine.Bench;

/// <summary>Repeats a measurement until its spread says something.</summary>
internal static class Repeat
{
    private const int Fewest = 3, Most = 200;
    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(0.3), Short = TimeSpan.FromSeconds(0.05), Enough = TimeSpan.FromSeconds(1);

    /// <summary>Measures until the code is compiled for good, which happens in the background.</summary>
    /// <param name="measure">One measurement.</param>
    /// <param name="interrupted">Ends the command.</param>
    public static void WarmUp(Func<double> measure, CancellationToken interrupted)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            interrupted.ThrowIfCancellationRequested();
            measure();
        }
        while (Stopwatch.GetElapsedTime(start) < Warm);
    }

    /// <summary>The median of as many measurements as fit 50 ms, one at least: one measurement of a tiny model is shorter than a hiccup of the system.</summary>
    /// <param name="measure">One measurement.</param>
    public static double Sustained(Func<double> measure)
    {
        var values = new List<double>();
        long start = Stopwatch.GetTimestamp();
        do
        {
            values.Add(measure());
        }
        while (Stopwatch.GetElapsedTime(start) < Short);
        return Spread.Of(values).Median;
    }

    /// <summary>Warms up, then measures at least three times and for about a second.</summary>
    /// <param name="measure">One measurement.</param>
    /// <param name="interrupted">Ends the command.</param>
    public static Spread Measure(Func<double> measure, CancellationToken interrupted)
    {
        WarmUp(measure, interrupted);
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
