using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MyGpt.CommandLine.Bench;

/// <summary>The machine's peak of float32 fused multiply-adds.</summary>
internal static class FmaProbe
{
    private const int Chains = 12;
    private const long MostSteps = 4_000_000, TriedSteps = 4_000;
    private const double MostSeconds = 0.02;

    // Without instructions for it, a call of the C library takes the place of each multiply-add: as many steps would take ten seconds.
    private static readonly long Steps = (long)Math.Clamp(TriedSteps * MostSeconds / SecondsOf(TriedSteps), TriedSteps, MostSteps);

    // Keeps the sums alive: a loop whose result nobody reads is a loop the compiler may drop.
    private static volatile float _sink;

    /// <summary>Whether there are vectors of 512 bits, so that <see cref="GigaFlops(int, ProcessorShare)"/> uses them.</summary>
    public static bool HasWide => Vector512.IsHardwareAccelerated;

    /// <summary>Floating-point operations per second, two for each multiply-add, in 10^9, with the widest vectors there are.</summary>
    /// <param name="threads">Threads that compute at the same time.</param>
    /// <param name="share">Gathers how much of the processor time that they ask for they get.</param>
    public static double GigaFlops(int threads, ProcessorShare share) => GigaFlops(threads, share, HasWide);

    /// <summary>The same with vectors as wide as the kernels' are, 256 bits.</summary>
    /// <param name="threads">Threads that compute at the same time.</param>
    /// <param name="share">Gathers how much of the processor time that they ask for they get.</param>
    public static double GigaFlopsOfKernels(int threads, ProcessorShare share) => GigaFlops(threads, share, wide: false);

    private static double GigaFlops(int threads, ProcessorShare share, bool wide)
    {
        int lanes = wide ? Vector512<float>.Count : Vector256<float>.Count;
        double seconds = ThreadGroup.Seconds(threads, _ => _sink = wide ? Wide(Steps) : Narrow(Steps), share);
        return Steps * Chains * lanes * 2.0 * threads / seconds / 1e9;
    }

    // The shortest of three: the first is compiled on the way.
    private static double SecondsOf(long steps)
    {
        double least = double.PositiveInfinity;
        for (int run = 0; run < 3; run++)
        {
            long start = Stopwatch.GetTimestamp();
            _sink = Narrow(steps);
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return least;
    }

    // Twelve independent chains: two units with a latency of four to five cycles need at least ten in flight.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Narrow(long steps)
    {
        Vector256<float> a = Vector256.Create(0.999f), b = Vector256.Create(0.001f);
        Vector256<float> s0 = default, s1 = b, s2 = b + b, s3 = s2 + b, s4 = s3 + b, s5 = s4 + b;
        Vector256<float> s6 = s5 + b, s7 = s6 + b, s8 = s7 + b, s9 = s8 + b, s10 = s9 + b, s11 = s10 + b;
        for (long i = 0; i < steps; i++)
        {
            s0 = Vector256.FusedMultiplyAdd(s0, a, b);
            s1 = Vector256.FusedMultiplyAdd(s1, a, b);
            s2 = Vector256.FusedMultiplyAdd(s2, a, b);
            s3 = Vector256.FusedMultiplyAdd(s3, a, b);
            s4 = Vector256.FusedMultiplyAdd(s4, a, b);
            s5 = Vector256.FusedMultiplyAdd(s5, a, b);
            s6 = Vector256.FusedMultiplyAdd(s6, a, b);
            s7 = Vector256.FusedMultiplyAdd(s7, a, b);
            s8 = Vector256.FusedMultiplyAdd(s8, a, b);
            s9 = Vector256.FusedMultiplyAdd(s9, a, b);
            s10 = Vector256.FusedMultiplyAdd(s10, a, b);
            s11 = Vector256.FusedMultiplyAdd(s11, a, b);
        }
        return Vector256.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Wide(long steps)
    {
        Vector512<float> a = Vector512.Create(0.999f), b = Vector512.Create(0.001f);
        Vector512<float> s0 = default, s1 = b, s2 = b + b, s3 = s2 + b, s4 = s3 + b, s5 = s4 + b;
        Vector512<float> s6 = s5 + b, s7 = s6 + b, s8 = s7 + b, s9 = s8 + b, s10 = s9 + b, s11 = s10 + b;
        for (long i = 0; i < steps; i++)
        {
            s0 = Vector512.FusedMultiplyAdd(s0, a, b);
            s1 = Vector512.FusedMultiplyAdd(s1, a, b);
            s2 = Vector512.FusedMultiplyAdd(s2, a, b);
            s3 = Vector512.FusedMultiplyAdd(s3, a, b);
            s4 = Vector512.FusedMultiplyAdd(s4, a, b);
            s5 = Vector512.FusedMultiplyAdd(s5, a, b);
            s6 = Vector512.FusedMultiplyAdd(s6, a, b);
            s7 = Vector512.FusedMultiplyAdd(s7, a, b);
            s8 = Vector512.FusedMultiplyAdd(s8, a, b);
            s9 = Vector512.FusedMultiplyAdd(s9, a, b);
            s10 = Vector512.FusedMultiplyAdd(s10, a, b);
            s11 = Vector512.FusedMultiplyAdd(s11, a, b);
        }
        return Vector512.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7 + s8 + s9 + s10 + s11);
    }
}
