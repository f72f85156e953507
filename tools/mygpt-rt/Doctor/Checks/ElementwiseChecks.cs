using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>A kernel that changes a row in place.</summary>
internal delegate void RowKernel(Span<float> x);

/// <summary>A kernel that changes a row by a number.</summary>
internal delegate void NumberKernel(Span<float> x, float number);

/// <summary>A kernel that changes a row by another, element by element.</summary>
internal delegate void PairKernel(ReadOnlySpan<float> x, Span<float> y);

/// <summary>Kernels that compute each element by itself.</summary>
internal static class ElementwiseChecks
{
    private const double Half = 1.0 / (1 << 24);   // a rounding, relative
    private const int GridLength = 599;

    // Nothing, less than a vector, one, one and more, some.
    private static readonly int[] Lengths = [0, 5, 8, 9, 39];

    private static readonly int[] GridLengths = [5, GridLength];

    public static KernelCheck Add(PairKernel add) => Pair("add", typeof(Add), add, (x, y) => y + x);

    public static KernelCheck Multiply(PairKernel multiply) => Pair("multiply", typeof(Multiply), multiply, (x, y) => y * x);

    public static KernelCheck Divide(NumberKernel divide) => new("divide", [typeof(Divide)], () => Lengths.Select(length =>
    {
        const float divisor = 0.7f;
        float[] x = Numbers.Floats(length, seed: length), y = [.. x];
        divide(y, divisor);
        return Trial.Exact($"{length} numbers", y, Array.ConvertAll(x, value => value / divisor));
    }));

    public static KernelCheck GeluErf(RowKernel apply) => Function("GELU with erf", typeof(GeluErf), apply, PlainFunctions.GeluErf, relative: 4e-7, absolute: 0);

    public static KernelCheck GeluTanh(RowKernel apply) => Function("GELU with tanh", typeof(GeluTanh), apply, PlainFunctions.GeluTanh, relative: 3e-7, absolute: 1e-7);

    public static KernelCheck Silu(RowKernel apply) => Function("SiLU", typeof(Silu), apply, PlainFunctions.Silu, relative: 3e-7, absolute: 0);

    public static KernelCheck Relu(RowKernel apply) => Function("ReLU", typeof(Relu), apply, x => Math.Max(x, 0), relative: 0, absolute: 0);

    public static KernelCheck ReluSquared(RowKernel apply) => Function("squared ReLU", typeof(ReluSquared), apply, x => Math.Max(x, 0) * Math.Max(x, 0), relative: Half, absolute: 0);

    private static KernelCheck Pair(string name, Type kernel, PairKernel apply, Func<float, float, float> reference) => new(name, [kernel], () => Lengths.Select(length =>
    {
        float[] x = Numbers.Floats(length, seed: 1), y = Numbers.Floats(length, seed: 2);
        float[] expected = [.. x.Zip(y, reference)];
        apply(x, y);
        return Trial.Exact($"{length} numbers", y, expected);
    }));

    // The bounds of docs/numerics.md hold on all of -9.95 to 20.
    private static KernelCheck Function(string name, Type kernel, RowKernel apply, Func<double, double> reference, double relative, double absolute) =>
        new(name, [kernel, typeof(Elementwise), typeof(VectorMath)], () => GridLengths.Select(length =>
        {
            float[] x = [.. Enumerable.Range(0, length).Select(i => -9.95f + (i * (29.95f / GridLength)))], y = [.. x];
            apply(y);
            return Trial.Near($"{length} numbers from -9.95", y, Array.ConvertAll(x, value => reference(value)), relative, absolute);
        }));
}
