using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>The bfloat16 that is a block's scale, and what quantisers compute to find it.</summary>
internal static class BlockScale
{
    /// <summary>Largest magnitude of a quant, in units of the scale.</summary>
    public const float LargestQuant = 127;

    /// <summary>The scale of a block with a weight that is not finite: all its weights come back as NaN.</summary>
    public const ushort NaN = 0x7FC0;

    /// <summary>The nearest bfloat16, ties to even.</summary>
    /// <param name="scale">A finite number that is none of the few that would round to infinity.</param>
    public static ushort Narrow(float scale)
    {
        uint bits = BitConverter.SingleToUInt32Bits(scale);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The number that a bfloat16 is.</summary>
    public static float Widen(ushort scale) => BitConverter.UInt32BitsToSingle((uint)scale << 16);

    /// <summary>Whether weights can be divided by a scale, and its largest weight is finite.</summary>
    public static bool IsUsable(float scale) => scale != 0 && float.IsFinite(scale * LargestQuant);

    /// <summary>The largest magnitude in a block, NaN where one is NaN.</summary>
    public static float Largest(ReadOnlySpan<float> weights)
    {
        Vector256<float> largest = Vector256<float>.Zero;
        for (int i = 0; i < BlockLayout.Length; i += Vector256<float>.Count)
            largest = Vector256.Max(largest, Vector256.Abs(Vector256.Create(weights[i..])));
        float result = 0;
        for (int lane = 0; lane < Vector256<float>.Count; lane++)
            result = MathF.Max(result, largest[lane]);
        return result;
    }

    /// <summary>The sum of the lanes, in one fixed order.</summary>
    public static float Sum(Vector256<float> lanes)
    {
        Vector128<float> sum = lanes.GetLower() + lanes.GetUpper();
        return (sum[0] + sum[2]) + (sum[1] + sum[3]);
    }
}
