using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Scoring;

/// <summary>e^x of four doubles, from IEEE operations only: the same bits on every machine.</summary>
internal static class DoubleExp
{
    /// <summary>Below it the result is e^-708, the last that is no subnormal; beside a term of 1 that is nothing.</summary>
    public const double Smallest = -708;

    // x / ln 2 + Shifter leaves the nearest whole number in the low bits of the sum: 1.5 * 2^52.
    private const double Shifter = 6755399441055744.0, Log2E = 1.4426950408889634;

    // The first 32 bits of ln 2, so that a multiple of it below 2^20 is exact (Cody and Waite 1980), and the rest.
    private const double Ln2High = 0.6931471803691238, Ln2Low = 1.9082149292705877e-10;

    // 1 / n!, n = 13 down to 0. Taylor's series on |r| <= ln 2 / 2: what is left out is below 2^-57.
    private static readonly double[] Coefficients =
    [
        1 / 6227020800.0, 1 / 479001600.0, 1 / 39916800.0, 1 / 3628800.0, 1 / 362880.0, 1 / 40320.0, 1 / 5040.0, 1 / 720.0,
        1 / 120.0, 1 / 24.0, 1 / 6.0, 1 / 2.0, 1, 1,
    ];

    /// <summary>e^x = 2^n e^r. Products and sums one by one, never fused: IEEE says what each is, on every machine.</summary>
    /// <param name="x">0 or less; NaN stays NaN.</param>
    public static Vector256<double> Of(Vector256<double> x)
    {
        x = Vector256.Max(x, Vector256.Create(Smallest));
        Vector256<double> shifter = Vector256.Create(Shifter), shifted = x * Log2E + shifter, n = shifted - shifter;
        Vector256<double> r = x - n * Ln2High - n * Ln2Low;
        Vector256<double> power = Vector256.Create(Coefficients[0]);
        foreach (double coefficient in Coefficients.AsSpan(1))
            power = power * r + Vector256.Create(coefficient);
        return (power.AsInt64() + (shifted.AsInt64() << 52)).AsDouble();   // n joins the exponent
    }
}
