using System.Globalization;
using MyGpt.CommandLine.Verbs;

namespace MyGpt.CommandLine.Bench;

/// <summary>Signs that something else used the machine while it was measured. docs/doctor.md says how often they were right.</summary>
internal static class Disturbance
{
    private const double LeastShare = 0.75, LeastGain = 0.5, MostVariation = 1.2;

    /// <summary>The threads did not get the processor time that they asked for.</summary>
    /// <param name="threads">How many measured.</param>
    /// <param name="share">What they got, as a share.</param>
    public static string? OfShare(int threads, double share) => share >= LeastShare ? null
        : Text($"the probes on {Threads(threads)} got {Math.Floor(share * 100)} % of the processor time that they asked for");

    /// <summary>Several threads compute hardly more than one: each further core should add half of what one does, at least.</summary>
    /// <param name="threads">How many measured.</param>
    /// <param name="cores">Cores that this process may use; null where unknown: two threads of one core compute no more than one, and nothing is wrong.</param>
    /// <param name="one">The multiply-add rate of one thread.</param>
    /// <param name="all">The multiply-add rate of all.</param>
    public static string? OfGain(int threads, double? cores, double one, double all)
    {
        double gain = all / one, needed = 1 + (LeastGain * (Math.Min(threads, cores ?? 1) - 1));
        return gain >= needed ? null
            : Text($"{Threads(threads)} computed {Math.Floor(gain * 10) / 10:0.0} times as much as one; their cores should give {needed:0.0#} at least");
    }

    /// <summary>The best round of a probe was far from the others.</summary>
    /// <param name="threads">How many measured.</param>
    /// <param name="probe">What was measured, in words.</param>
    /// <param name="best">The best round.</param>
    /// <param name="other">The middle one, or the worst.</param>
    /// <param name="unit">Their unit.</param>
    public static string? OfRounds(int threads, string probe, double best, double other, string unit) => best <= MostVariation * other ? null
        : Text($"the {probe} rate on {Threads(threads)} was {Figures.Rate(other)} {unit} in some rounds and {Figures.Rate(best)} in others");

    /// <summary>The first of some signs, with what it means; null where there is none.</summary>
    public static string? Warning(params IEnumerable<string?> signs) => signs.FirstOrDefault(sign => sign is not null) is not { } first ? null
        : $"the machine was busy while it was measured ({first}): do not believe its rates nor what follows from them, and measure again when nothing else runs";

    private static string Threads(int count) => count == 1 ? "1 thread" : Text($"{count} threads");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
