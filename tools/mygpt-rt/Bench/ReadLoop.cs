using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MyGpt.CommandLine.Bench;

/// <summary>
/// Loops that read memory and do nothing else that takes time. Exclusive or: a bit pattern that would be a subnormal float costs no more than another.
/// Eight registers, so that none waits for the one before.
/// </summary>
internal static unsafe class ReadLoop
{
    /// <summary>Lengths are multiples of this.</summary>
    public const int Step = 64;

    private const int Streams = 4, Share = Step / Streams;

    /// <summary>Reads from the first word to the last.</summary>
    /// <param name="next">The words.</param>
    /// <param name="length">How many, a multiple of <see cref="Step"/>.</param>
    /// <returns>All words, by exclusive or into eight lanes, added.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static uint InOrder(uint* next, long length)
    {
        Vector256<uint> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        for (uint* end = next + length; next < end; next += Step)
        {
            s0 ^= Vector256.Load(next);
            s1 ^= Vector256.Load(next + 8);
            s2 ^= Vector256.Load(next + 16);
            s3 ^= Vector256.Load(next + 24);
            s4 ^= Vector256.Load(next + 32);
            s5 ^= Vector256.Load(next + 40);
            s6 ^= Vector256.Load(next + 48);
            s7 ^= Vector256.Load(next + 56);
        }
        return Vector256.Sum(s0 ^ s1 ^ s2 ^ s3 ^ s4 ^ s5 ^ s6 ^ s7);
    }

    /// <summary>Reads four quarters at the same time, a cache line of each in turn, as decoding reads rows.</summary>
    /// <param name="next">The words.</param>
    /// <param name="length">How many, a multiple of <see cref="Step"/>.</param>
    /// <returns>As <see cref="InOrder"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static uint InQuarters(uint* next, long length)
    {
        Vector256<uint> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        uint* second = next + length / Streams, third = second + length / Streams, fourth = third + length / Streams;
        for (uint* end = second; next < end; next += Share, second += Share, third += Share, fourth += Share)
        {
            s0 ^= Vector256.Load(next);
            s1 ^= Vector256.Load(next + 8);
            s2 ^= Vector256.Load(second);
            s3 ^= Vector256.Load(second + 8);
            s4 ^= Vector256.Load(third);
            s5 ^= Vector256.Load(third + 8);
            s6 ^= Vector256.Load(fourth);
            s7 ^= Vector256.Load(fourth + 8);
        }
        return Vector256.Sum(s0 ^ s1 ^ s2 ^ s3 ^ s4 ^ s5 ^ s6 ^ s7);
    }
}
