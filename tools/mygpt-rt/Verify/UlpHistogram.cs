using System.Numerics;

namespace MyGpt.CommandLine.Verify;

/// <summary>How many float32 numbers lie between ours and a reference's: 0, 1, 2, 3 to 4, 5 to 8, 9 to 16 ... units in the last place.</summary>
/// <remarks>
/// The reference is rounded to float32 first. The distance counts representable numbers, through zero where the signs differ, so that it is 0 for equal
/// numbers and 1 for neighbours whatever their size. Near zero the units are tiny: there a small difference is many of them.
/// </remarks>
internal sealed class UlpHistogram
{
    // The distance of the largest number from its negative is below 2^32.
    private readonly long[] _counts = new long[34];

    /// <summary>The bins that are not empty, by distance.</summary>
    public IEnumerable<UlpBin> Bins => _counts.Select((count, bin) => new UlpBin(First(bin), Last(bin), count)).Where(bin => bin.Count > 0);

    /// <summary>Counts one number of ours, which must not be NaN.</summary>
    public void Add(float ours, double reference)
    {
        uint distance = Distance(ours, (float)reference);
        _counts[distance < 2 ? distance : 2 + BitOperations.Log2(distance - 1)]++;
    }

    /// <summary>Adds the counts of another histogram.</summary>
    public void Add(UlpHistogram other)
    {
        for (int bin = 0; bin < _counts.Length; bin++)
            _counts[bin] += other._counts[bin];
    }

    /// <summary>Steps from one float32 number to another; both zeros are one.</summary>
    public static uint Distance(float a, float b) => (uint)Math.Abs(Rank(a) - Rank(b));

    private static long Rank(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return bits >= 0 ? bits : -(bits & int.MaxValue);
    }

    private static long First(int bin) => bin < 2 ? bin : (1L << (bin - 2)) + 1;

    private static long Last(int bin) => bin < 2 ? bin : 1L << (bin - 1);
}

/// <summary>One bin of a histogram.</summary>
/// <param name="From">Smallest distance in it.</param>
/// <param name="To">Largest distance in it.</param>
/// <param name="Count">Numbers at such a distance.</param>
internal readonly record struct UlpBin(long From, long To, long Count);
