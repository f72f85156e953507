using System.Runtime.Intrinsics;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Scoring;

/// <summary>Logarithms of the probabilities that logits stand for, in double precision.</summary>
/// <remarks>
/// ln softmax(x)[i] = (x[i] - max) - ln sum_j exp(x[j] - max). The sum has eight lanes and one order, whatever the machine.
/// </remarks>
public static class LogSoftmax
{
    // x / ln 2 + Shifter leaves the nearest whole number in the low bits of the sum: 1.5 * 2^52.
    private const double Shifter = 6755399441055744.0, Log2E = 1.4426950408889634;

    // The first 32 bits of ln 2, so that a multiple of it below 2^20 is exact (Cody and Waite 1980), and the rest.
    private const double Ln2High = 0.6931471803691238, Ln2Low = 1.9082149292705877e-10;

    // e^-708 is the last that is no subnormal; beside the largest term, which is 1, it is nothing.
    private const double Smallest = -708;

    // 1 / n!, n = 13 down to 0. Taylor's series on |r| <= ln 2 / 2: what is left out is below 2^-57.
    private static readonly double[] Coefficients =
    [
        1 / 6227020800.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 3628800.0, 1 / 362880.0, 1 / 40320.0, 1 / 5040.0, 1 / 720.0,
        1 / 120.0, 1 / 24.0, 1 / 6.0, 1 / 2.0, 1, 1,
    ];

    /// <summary>The logarithm of one token's probability.</summary>
    /// <param name="logits">Logits, (V).</param>
    /// <param name="token">A token id below V.</param>
    /// <returns>Nats, 0 or less, within 1e-14 of the value (relative to it or to 1, whichever is more); NaN if a logit is NaN or positive infinity.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The token is not below V.</exception>
    public static double Of(ReadOnlySpan<float> logits, int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, logits.Length);
        float max = ArgMax.FindMax(logits);
        return ((double)logits[token] - max) - Math.Log(SumOfExponentials(logits, max));
    }

    // sum_i exp(x[i] - max)
    private static double SumOfExponentials(ReadOnlySpan<float> x, float max)
    {
        Vector256<double> shift = Vector256.Create((double)max), low = Vector256<double>.Zero, high = low;
        for (; x.Length >= Vector256<float>.Count; x = x[Vector256<float>.Count..])
            Add(Vector256.Create(x), shift, ref low, ref high);
        if (!x.IsEmpty)
        {
            Span<float> tail = stackalloc float[Vector256<float>.Count];
            tail.Fill(float.NegativeInfinity);
            x.CopyTo(tail);
            Add(Vector256.Create<float>(tail), shift, ref low, ref high);
        }
        low += high;
        return (low[0] + low[1]) + (low[2] + low[3]);   // one tree: the order of Vector256.Sum is nobody's promise
    }

    private static void Add(Vector256<float> x, Vector256<double> shift, ref Vector256<double> low, ref Vector256<double> high)
    {
        (Vector256<double> first, Vector256<double> second) = Vector256.Widen(x);
        low += Exp(first - shift);
        high += Exp(second - shift);
    }

    // e^x = 2^n e^r. Products and sums one by one, never fused: IEEE says what each is, on every machine.
    private static Vector256<double> Exp(Vector256<double> x)
    {
        x = Vector256.Max(x, Vector256.Create(Smallest));   // NaN stays NaN
        Vector256<double> shifter = Vector256.Create(Shifter), shifted = x * Log2E + shifter, n = shifted - shifter;
        Vector256<double> r = x - n * Ln2High - n * Ln2Low;
        Vector256<double> power = Vector256.Create(Coefficients[0]);
        foreach (double coefficient in Coefficients.AsSpan(1))
            power = power * r + Vector256.Create(coefficient);
        return (power.AsInt64() + (shifted.AsInt64() << 52)).AsDouble();   // n joins the exponent
    }
}
