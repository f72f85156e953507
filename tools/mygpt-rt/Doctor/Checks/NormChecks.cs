using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>A norm of one row; an empty gain or bias is none.</summary>
internal delegate void NormKernel(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, float epsilon, Span<float> y);

/// <summary>Norms, to the bit.</summary>
internal static class NormChecks
{
    private const float Epsilon = 1e-5f;

    private static readonly int[] Lengths = [1, 7, 8, 27, 768];
    private static readonly string[] Parts = ["gain and bias", "gain", "neither"];

    private delegate float[] NormReference(ReadOnlySpan<float> x, float[] gain, float[] bias, float epsilon);

    public static KernelCheck LayerNorm(NormKernel norm) => Norm("layer norm", typeof(LayerNorm), norm, PlainNorm.Layer);

    public static KernelCheck RmsNorm(NormKernel norm) => Norm("RMS norm", typeof(RmsNorm), norm, PlainNorm.RootMeanSquare);

    /// <summary>A norm of every token of a call.</summary>
    public static unsafe KernelCheck Rows() => new("norms of rows", [typeof(NormRows)], () =>
    {
        const int width = 21, tokens = 3;
        float[] x = Numbers.Floats(tokens * width, seed: 1), gain = Numbers.Floats(width, seed: 2), y = new float[x.Length];
        using (var partition = new RowPartition(threads: 1))
        fixed (float* px = x, pg = gain, py = y)
            new NormRows { Norm = &Runtime.Kernels.RmsNorm.Apply, X = px, Gain = pg, Y = py, Width = width, Epsilon = Epsilon }.Run(partition, tokens);
        float[] expected = [.. Enumerable.Range(0, tokens).SelectMany(t => PlainNorm.RootMeanSquare(x.AsSpan(t * width, width), gain, [], Epsilon))];
        return [Trial.Exact($"{tokens} rows of {width}", y, expected)];
    });

    private static KernelCheck Norm(string name, Type kernel, NormKernel norm, NormReference reference) => new(name, [kernel], () =>
        from length in Lengths
        from parts in Parts
        select Try(length, parts, norm, reference));

    private static Trial Try(int length, string parts, NormKernel norm, NormReference reference)
    {
        float[] x = Array.ConvertAll(Numbers.Floats(length, seed: length), value => value + 2), y = new float[length];
        float[] gain = parts == "neither" ? [] : Numbers.Floats(length, seed: 1), bias = parts == "gain and bias" ? Numbers.Floats(length, seed: 2) : [];
        norm(x, gain, bias, Epsilon, y);
        return Trial.Exact($"{length} numbers, {parts}", y, reference(x, gain, bias, Epsilon));
    }
}
