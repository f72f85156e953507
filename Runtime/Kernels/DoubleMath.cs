namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Elementary functions in double precision from IEEE operations only, for what is computed once and not per weight:
/// <see cref="Math.Cos"/> and its like may differ in the last bit between machines.
/// </summary>
internal static class DoubleMath
{
    private const double Ln2 = 0.6931471805599453, TwoOverPi = 0.6366197723675814;

    // The first 33 bits of pi / 2, so that a multiple of it below 2^20 is exact (Cody and Waite 1980), and the rest.
    private const double HalfPiHigh = 1.5707963267341256, HalfPiLow = 6.077100506506192e-11;

    /// <summary>Sine and cosine within 2^-52.</summary>
    /// <param name="x">-2^20 to 2^20 radians.</param>
    public static (double Sin, double Cos) SinCos(double x)
    {
        double quarters = Math.Round(x * TwoOverPi);
        double r = Math.FusedMultiplyAdd(-quarters, HalfPiLow, x - (quarters * HalfPiHigh));

        // Taylor's series on |r| <= pi / 4: what is left out is below 2^-54.
        double square = r * r, sin = 0, cos = 0;
        for (int n = 15; n > 1; n -= 2)
            sin = (1 - sin) * square / (n * (n - 1));
        for (int n = 16; n > 0; n -= 2)
            cos = (1 - cos) * square / (n * (n - 1));
        sin = r - (r * sin);
        cos = 1 - cos;
        return ((long)quarters & 3) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    /// <summary>x^y within 1e-13 of the value.</summary>
    /// <param name="x">1 to the largest float32.</param>
    /// <param name="y">0 to 1.</param>
    public static double Power(double x, double y)
    {
        // x = m 2^exponent with m from sqrt(1/2) to sqrt(2), ln m = 2 artanh(s) = 2 (s + s^3 / 3 + ...) with |s| <= 0.172.
        int exponent = (int)(BitConverter.DoubleToInt64Bits(x * 1.4142135623730951) >> 52) - 1023;
        double m = Scale(x, -exponent), s = (m - 1) / (m + 1), square = s * s, sum = 0;
        for (int n = 21; n >= 1; n -= 2)
            sum = (sum * square) + (1.0 / n);
        double log = y * ((exponent * Ln2) + (2 * s * sum));

        // e^log = 2^n e^r with |r| <= ln 2 / 2, and Taylor's series for e^r.
        double whole = Math.Round(log / Ln2), r = log - (whole * Ln2), power = 1;
        for (int n = 14; n >= 1; n--)
            power = 1 + (power * r / n);
        return Scale(power, (int)whole);
    }

    // x * 2^n, exact: |n| is far below the range of the exponent.
    private static double Scale(double x, int n) => x * BitConverter.Int64BitsToDouble((long)(n + 1023) << 52);
}
