using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>Softmax of one row.</summary>
internal static class SoftmaxChecks
{
    private const float Spread = 20;

    private static readonly int[] Lengths = [1, 7, 8, 50, 1000];

    // Of docs/numerics.md: the difference from the maximum, 40 at most, is rounded once before exp. The sum is as far off as its terms.
    private const double Bound = 2 * ((2 * Spread / (1 << 24)) + 2e-7);

    public static KernelCheck Softmax(RowKernel apply) => new("softmax", [typeof(Softmax), typeof(VectorMath)], () => Lengths.Select(length =>
    {
        float[] x = Numbers.Floats(length, seed: length, Spread), y = [.. x];
        apply(y);
        double max = x.Max();
        double[] powers = Array.ConvertAll(x, value => Math.Exp(value - max));
        double sum = powers.Sum();
        return Trial.Near($"{length} numbers", y, Array.ConvertAll(powers, power => power / sum), Bound, absolute: 0);
    }));
}
