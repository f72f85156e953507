using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>Rotates the heads of one token in place.</summary>
internal delegate void RotaryKernel(Span<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin);

/// <summary>Rotary positions: the angles within half a unit of float32, the rotation to the bit.</summary>
internal static class RotaryChecks
{
    /// <summary>The base of the angles that are checked.</summary>
    public const float Base = 10_000;

    private const int Heads = 3;

    private static readonly int[] HeadDims = [6, 16, 40], Positions = [0, 1, 777];

    public static KernelCheck Pairs(RotaryKernel rotate) => Rotation("rotary positions of pairs", typeof(RotaryPairs), rotate, _ => (2, 1));

    public static KernelCheck Halves(RotaryKernel rotate) => Rotation("rotary positions of halves", typeof(RotaryHalves), rotate, headDim => (1, headDim / 2));

    /// <summary>The cosines and sines.</summary>
    /// <param name="write">Writes those of a position for pairs of a head.</param>
    public static KernelCheck Angles(Action<int, float[], float[]> write) => new("rotary angles", [typeof(RotaryAngles), typeof(DoubleMath)], () =>
        from position in Positions
        from trial in Angles(write, position, headDim: 64)
        select trial);

    /// <summary>All tokens of a call.</summary>
    public static unsafe KernelCheck Rows() => new("rotary positions of rows", [typeof(RotaryRows)], () =>
    {
        const int headDim = 6, tokens = 3, qkvDim = (Heads + 1) * headDim;
        float[] x = Numbers.Floats(tokens * qkvDim, seed: 1), angles = Numbers.Floats(tokens * 2 * headDim, seed: 2, spread: 1), expected = [.. x];
        for (int t = 0; t < tokens; t++)
            Rotate(expected.AsSpan(t * qkvDim, Heads * headDim), angles.AsSpan(t * 2 * headDim, headDim), angles.AsSpan(((t * 2) + 1) * headDim, headDim), 2, 1);
        using (var partition = new RowPartition(threads: 1))
        fixed (float* px = x, pa = angles)
            new RotaryRows { Rotate = &RotaryPairs.Apply, Qkv = px, Angles = pa, QkvDim = qkvDim, RotatedDim = Heads * headDim, HeadDim = headDim }.Run(partition, tokens);
        return [Trial.Exact($"{tokens} tokens", x, expected)];
    });

    private static KernelCheck Rotation(string name, Type kernel, RotaryKernel rotate, Func<int, (int Step, int Distance)> order) => new(name, [kernel], () => HeadDims.Select(headDim =>
    {
        float[] x = Numbers.Floats(Heads * headDim, seed: headDim), cos = Numbers.Floats(headDim, seed: 1, spread: 1), sin = Numbers.Floats(headDim, seed: 2, spread: 1);
        float[] expected = [.. x];
        (int step, int distance) = order(headDim);
        Rotate(expected, cos, sin, step, distance);
        rotate(x, cos, sin);
        return Trial.Exact($"{Heads} heads of {headDim}", x, expected);
    }));

    // (a, b) becomes (a cos + b sin, b cos + a sin), the sine of the first with its sign turned; the product with the sine is rounded by itself.
    private static void Rotate(Span<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin, int step, int distance)
    {
        for (int head = 0; head < x.Length; head += cos.Length)
        {
            for (int i = 0; i < cos.Length / 2; i++)
            {
                int first = i * step, second = first + distance;
                float a = x[head + first], b = x[head + second];
                x[head + first] = MathF.FusedMultiplyAdd(a, cos[first], b * sin[first]);
                x[head + second] = MathF.FusedMultiplyAdd(b, cos[second], a * sin[second]);
            }
        }
    }

    private static Trial[] Angles(Action<int, float[], float[]> write, int position, int headDim)
    {
        const double half = 1.0 / (1 << 24);   // of the largest: a rounding to float32, and the reference's own
        float[] cos = new float[headDim], sin = new float[headDim];
        write(position, cos, sin);
        // Rounded to float32 where PyTorch code rounds.
        double[] angles = [.. Enumerable.Range(0, headDim).Select(i => (double)(position * (1 / (float)Math.Pow(Base, i / 2 * 2f / headDim))))];
        string call = $"position {position}";
        return
        [
            Trial.Near($"{call}, cosines", cos, Array.ConvertAll(angles, Math.Cos), relative: 0, half),
            Trial.Near($"{call}, sines", sin, [.. angles.Select((angle, i) => i % 2 == 0 ? -Math.Sin(angle) : Math.Sin(angle))], relative: 0, half),
        ];
    }
}
