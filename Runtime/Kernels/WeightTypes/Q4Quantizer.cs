using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>
/// 32 indices of 4 bits and their scale: weight = scale * <see cref="Q4Levels"/>[index]. Byte i holds the index of column i in its low four
/// bits and that of column i + 16 in its high four bits.
/// </summary>
internal readonly struct Q4Quantizer : IBlockQuantizer
{
    private const int Levels = 16, Half = BlockLayout.Length / 2;

    // Scales that are tried, of both signs, as multiples of the one that just holds the largest weight: 18/25 to 33/25, itself (25/25) among
    // them. Forty of each sign lower the error by 0.1 %.
    private const int Steps = 16, FirstStep = 18;
    private const float StepsPerUnit = 25;

    // Each one takes the scale that is best for the quants so far; the third rarely changes anything.
    private const int Refinements = 3;

    // The levels in rising order, rank r being index (r + 8) mod 16; halfway between neighbours the next rank begins.
    private static readonly float[] Rising = [.. Enumerable.Range(0, Levels).Select(rank => (float)Q4Levels.Values[Index(rank)])];
    private static readonly float[] Bounds = [.. Rising.Skip(1).Zip(Rising, static (high, low) => (high + low) / 2)];
    private static readonly float[] Rises = [.. Rising.Skip(1).Zip(Rising, static (high, low) => high - low)];

    public static int QuantBytes => BlockLayout.Q4QuantBytes;

    public static ushort Quantize(ReadOnlySpan<float> weights, Span<byte> quants)
    {
        float largest = BlockScale.Largest(weights);
        quants.Clear();
        if (!float.IsFinite(largest))
            return BlockScale.NaN;
        float scale = Refine(weights, Search(weights, largest / BlockScale.LargestQuant));
        if (scale == 0)
            return 0;
        Round(weights, scale, quants);
        return BlockScale.Narrow(scale);
    }

    public static void Widen(ReadOnlySpan<byte> quants, ushort scale, Span<float> weights)
    {
        float d = BlockScale.Widen(scale);
        ReadOnlySpan<sbyte> levels = Q4Levels.Values;
        for (int i = 0; i < Half; i++)
        {
            weights[i] = d * levels[quants[i] & 0xF];
            weights[i + Half] = d * levels[quants[i] >> 4];
        }
    }

    // The best of the scales that are tried, 0 when there is none: weights that are zero, or too small for any scale.
    private static float Search(ReadOnlySpan<float> weights, float unit)
    {
        float best = 0, least = float.PositiveInfinity;
        for (int step = 0; step < 2 * Steps; step++)
        {
            float sign = step < Steps ? 1 : -1, factor = (FirstStep + (step % Steps)) / StepsPerUnit;
            float scale = Rounded(sign * factor * unit);
            float error = BlockScale.IsUsable(scale) ? Fit(weights, scale, out _) : float.PositiveInfinity;
            if (error < least)
                (best, least) = (scale, error);
        }
        return best;
    }

    // Least squares for the quants of the scale at hand: d = sum(w q) / sum(q q). Other quants may then be nearer, so this is repeated.
    private static float Refine(ReadOnlySpan<float> weights, float scale)
    {
        if (scale == 0)
            return 0;
        float least = Fit(weights, scale, out float change);
        for (int round = 0; round < Refinements; round++)
        {
            float next = Rounded(scale * change);
            if (next == scale || !BlockScale.IsUsable(next))
                break;
            float error = Fit(weights, next, out float further);
            if (error >= least)
                break;
            (scale, least, change) = (next, error, further);
        }
        return scale;
    }

    private static float Rounded(float scale) => BlockScale.Widen(BlockScale.Narrow(scale));

    // The sum of squared differences, as a share of the sum of squares so that it neither underflows nor overflows, and what the scale would have
    // to be multiplied by to suit these quants best.
    private static float Fit(ReadOnlySpan<float> weights, float scale, out float change)
    {
        Vector256<float> d = Vector256.Create(scale);
        Vector256<float> x0 = Vector256.Create(weights) / d, x1 = Vector256.Create(weights[8..]) / d;
        Vector256<float> x2 = Vector256.Create(weights[16..]) / d, x3 = Vector256.Create(weights[24..]) / d;
        Vector256<float> l0 = Vector256.Create(Rising[0]), l1 = l0, l2 = l0, l3 = l0;
        for (int rank = 0; rank < Rises.Length; rank++)
        {
            Vector256<float> bound = Vector256.Create(Bounds[rank]), rise = Vector256.Create(Rises[rank]);
            l0 += Vector256.GreaterThan(x0, bound) & rise;   // small integers: exact
            l1 += Vector256.GreaterThan(x1, bound) & rise;
            l2 += Vector256.GreaterThan(x2, bound) & rise;
            l3 += Vector256.GreaterThan(x3, bound) & rise;
        }
        change = Dot(x0, x1, x2, x3, l0, l1, l2, l3) / Dot(l0, l1, l2, l3, l0, l1, l2, l3);
        float squares = Dot(x0, x1, x2, x3, x0, x1, x2, x3);
        (x0, x1, x2, x3) = (x0 - l0, x1 - l1, x2 - l2, x3 - l3);
        return Dot(x0, x1, x2, x3, x0, x1, x2, x3) / squares;
    }

    private static float Dot(
        Vector256<float> a0, Vector256<float> a1, Vector256<float> a2, Vector256<float> a3,
        Vector256<float> b0, Vector256<float> b1, Vector256<float> b2, Vector256<float> b3) =>
        BlockScale.Sum(((a0 * b0) + (a1 * b1)) + ((a2 * b2) + (a3 * b3)));

    private static void Round(ReadOnlySpan<float> weights, float scale, Span<byte> quants)
    {
        for (int column = 0; column < BlockLayout.Length; column++)
        {
            int rank = 0;
            while (rank < Levels - 1 && weights[column] / scale > Bounds[rank])
                rank++;
            quants[column % Half] |= (byte)(Index(rank) << (column < Half ? 0 : 4));
        }
    }

    private static int Index(int rank) => (rank + (Levels / 2)) % Levels;
}
