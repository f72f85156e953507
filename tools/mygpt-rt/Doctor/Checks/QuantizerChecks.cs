using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>Finds the scale and the quants of a block.</summary>
internal delegate ushort QuantizeKernel(ReadOnlySpan<float> weights, Span<byte> quants);

/// <summary>Computes the weights that quants and a scale stand for.</summary>
internal delegate void WidenKernel(ReadOnlySpan<byte> quants, ushort scale, Span<float> weights);

/// <summary>The converter's quantisers: every weight goes to the level nearest to it, and the scale is no worse than the one that just holds the largest.</summary>
internal static class QuantizerChecks
{
    private const int Block = 32, Blocks = 20, LargestLevel = 127;

    private static readonly float[] Q4Levels = [0, 11, 23, 35, 49, 64, 82, 104, -127, -98, -77, -61, -47, -34, -22, -11];

    public static KernelCheck Q8(QuantizeKernel quantize, WidenKernel widen) =>
        Check("quantiser, q8", typeof(Q8Quantizer), quantize, widen, Block, x => Math.Clamp(MathF.Round(x), -LargestLevel, LargestLevel));

    public static KernelCheck Q4(QuantizeKernel quantize, WidenKernel widen) =>
        Check("quantiser, q4", typeof(Q4Quantizer), quantize, widen, Block / 2, x => Q4Levels.MinBy(level => MathF.Abs(level - x)));

    private static KernelCheck Check(string name, Type kernel, QuantizeKernel quantize, WidenKernel widen, int bytes, Func<float, float> nearest) => new(name, [kernel], () =>
    {
        float[] weights = Numbers.Floats(Blocks * Block, seed: 1), widened = new float[weights.Length], expected = new float[weights.Length];
        float[] errors = new float[Blocks];
        Span<byte> quants = stackalloc byte[bytes];
        for (int start = 0; start < weights.Length; start += Block)
        {
            ReadOnlySpan<float> block = weights.AsSpan(start, Block);
            ushort scale = quantize(block, quants);
            widen(quants, scale, widened.AsSpan(start, Block));
            float[] plain = Nearest(block, Numbers.RoundToBf16(Largest(block) / LargestLevel), nearest);
            Nearest(block, BitConverter.UInt32BitsToSingle((uint)scale << 16), nearest).CopyTo(expected, start);
            errors[start / Block] = (float)(Error(block, widened.AsSpan(start, Block)) / Error(block, plain));
        }
        return
        [
            Trial.Exact($"{Blocks} blocks", widened, expected),
            Trial.Near($"{Blocks} blocks, squared error as a share of the plain scale's", errors, [.. Enumerable.Repeat(0.5, Blocks)], relative: 0, absolute: 0.5 + 1e-5),
        ];
    });

    private static float[] Nearest(ReadOnlySpan<float> weights, float scale, Func<float, float> nearest)
    {
        float[] rounded = new float[weights.Length];
        for (int i = 0; i < rounded.Length; i++)
            rounded[i] = nearest(weights[i] / scale) * scale;
        return rounded;
    }

    private static float Largest(ReadOnlySpan<float> weights)
    {
        float largest = 0;
        foreach (float weight in weights)
            largest = MathF.Max(largest, MathF.Abs(weight));
        return largest;
    }

    private static double Error(ReadOnlySpan<float> weights, ReadOnlySpan<float> rounded)
    {
        double error = 0;
        for (int i = 0; i < weights.Length; i++)
            error += (weights[i] - (double)rounded[i]) * (weights[i] - (double)rounded[i]);
        return error;
    }
}
