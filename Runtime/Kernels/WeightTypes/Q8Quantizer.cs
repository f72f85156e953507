using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>32 signed bytes and their scale: weight = scale * byte.</summary>
internal readonly struct Q8Quantizer : IBlockQuantizer
{
    // Neighbours of the scale that just holds the largest weight. Rounding the scale to bfloat16 moves it by up to half of their distance.
    private const int Neighbours = 2;

    public static int QuantBytes => BlockLayout.Q8QuantBytes;

    public static ushort Quantize(ReadOnlySpan<float> weights, Span<byte> quants)
    {
        float largest = BlockScale.Largest(weights);
        quants.Clear();
        if (!float.IsFinite(largest))
            return BlockScale.NaN;
        int nearest = BlockScale.Narrow(largest / BlockScale.LargestQuant);
        ushort best = 0;
        float least = float.PositiveInfinity, unit = BlockScale.Widen((ushort)nearest);
        for (int code = Math.Max(1, nearest - Neighbours); largest > 0 && code <= nearest + Neighbours; code++)
        {
            float scale = BlockScale.Widen((ushort)code);
            float error = BlockScale.IsUsable(scale) ? Error(weights, scale, unit) : float.PositiveInfinity;
            if (error < least)
                (best, least) = ((ushort)code, error);
        }
        if (best != 0)
            Round(weights, BlockScale.Widen(best), MemoryMarshal.Cast<byte, sbyte>(quants));
        return best;
    }

    public static void Widen(ReadOnlySpan<byte> quants, ushort scale, Span<float> weights)
    {
        float d = BlockScale.Widen(scale);
        for (int i = 0; i < BlockLayout.Length; i++)
            weights[i] = d * (sbyte)quants[i];
    }

    // Squared differences in multiples of unit^2: those of the weights themselves could underflow or overflow.
    private static float Error(ReadOnlySpan<float> weights, float scale, float unit)
    {
        Vector256<float> sum = Vector256<float>.Zero;
        for (int i = 0; i < BlockLayout.Length; i += Vector256<float>.Count)
        {
            Vector256<float> x = Vector256.Create(weights[i..]) / Vector256.Create(scale), difference = x - Nearest(x);
            sum += difference * difference;
        }
        float ratio = unit > 0 ? scale / unit : 1;
        return BlockScale.Sum(sum) * ratio * ratio;
    }

    private static void Round(ReadOnlySpan<float> weights, float scale, Span<sbyte> quants)
    {
        for (int i = 0; i < BlockLayout.Length; i += Vector256<float>.Count)
        {
            Vector256<float> q = Nearest(Vector256.Create(weights[i..]) / Vector256.Create(scale));
            for (int lane = 0; lane < Vector256<float>.Count; lane++)
                quants[i + lane] = (sbyte)q[lane];
        }
    }

    private static Vector256<float> Nearest(Vector256<float> x) => Vector256.Min(Vector256.Max(
        Vector256.Round(x), Vector256.Create(-BlockScale.LargestQuant)), Vector256.Create(BlockScale.LargestQuant));
}
