using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// The transcendental functions of the kernels, from IEEE operations only: <see cref="MathF.Exp"/> and its like may differ in
/// the last bit between machines.
/// </summary>
internal static class VectorMath
{
    /// <summary>1.5 * 2^23: adding it rounds a small number to a whole one, which then stands in the low bits.</summary>
    public const float RoundingShift = 12582912f;

    // x = n ln 2 + r with |r| <= ln 2 / 2. ln 2 is split in two so that n * Ln2High is exact for |n| < 2^9 (Cody and Waite 1980).
    private const float Log2E = 1.44269504f, Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;

    // e^r by the minimax polynomial of degree 6 on |r| <= 0.3469 (Remez exchange in double, relative error 1.9e-9 before the
    // coefficients were rounded to float; the first two round to 1).
    private const float E2 = 0.49999991f, E3 = 0.1666642f, E4 = 0.041668233f, E5 = 0.0083748987f, E6 = 0.0013836742f;

    // Arguments above count as ExpMax: e^88 is still finite. Results below 2^-126 are 0: no subnormals.
    private const float ExpMax = 88f, ExpMin = -87.33654f;

    // Phi(-a) = e^(-a^2 / 2) * P(1 / (1 + 0.28125 a)) for 0 <= a <= 13.2, P of degree 9 without constant term, by Remez exchange
    // in double on the scaled tail: relative error 5.3e-8.
    private const float TailScale = 0.28125f;
    private const float P1 = 0.112179264f, P2 = 0.11261441f, P3 = 0.10037822f, P4 = 0.09624749f, P5 = 0.042471416f;
    private const float P6 = 0.037966512f, P7 = 0.05165836f, P8 = -0.074809566f, P9 = 0.021293947f;

    /// <summary>e^x within 1.1 units in the last place; NaN stays NaN, above 88 is e^88, below -87.33654 is 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Exp<TOps, TVec>(TVec x)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec shift = TOps.Broadcast(RoundingShift);
        TVec min = TOps.Broadcast(ExpMin);
        TVec clamped = TOps.Max(min, TOps.Min(TOps.Broadcast(ExpMax), x));   // this operand order lets NaN through
        TVec shifted = TOps.MultiplyAdd(clamped, TOps.Broadcast(Log2E), shift);
        TVec n = TOps.Subtract(shifted, shift);
        TVec r = TOps.MultiplyAdd(n, TOps.Broadcast(-Ln2High), clamped);
        r = TOps.MultiplyAdd(n, TOps.Broadcast(-Ln2Low), r);
        TVec p = TOps.MultiplyAdd(TOps.Broadcast(E6), r, TOps.Broadcast(E5));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(E4));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(E3));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(E2));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(1f));
        p = TOps.MultiplyAdd(p, r, TOps.Broadcast(1f));
        TVec result = TOps.Multiply(p, TOps.PowerOfTwo(shifted));
        return TOps.SelectLess(x, min, TOps.Broadcast(0f), result);
    }

    /// <summary>
    /// x * Phi(x) with the normal distribution function Phi(x) = (1 + erf(x / sqrt 2)) / 2: within 4e-7 of the value for x above
    /// -10, within 1e-7 * max(1, |x|) everywhere.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec GeluErf<TOps, TVec>(TVec x)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec one = TOps.Broadcast(1f), minusHalf = TOps.Broadcast(-0.5f);
        TVec u = TOps.Divide(one, TOps.MultiplyAdd(TOps.Broadcast(TailScale), TOps.Abs(x), one));
        TVec p = TOps.MultiplyAdd(TOps.Broadcast(P9), u, TOps.Broadcast(P8));
        p = TOps.MultiplyAdd(p, u, TOps.Broadcast(P7));
        p = TOps.MultiplyAdd(p, u, TOps.Broadcast(P6));
        p = TOps.MultiplyAdd(p, u, TOps.Broadcast(P5));
        p = TOps.MultiplyAdd(p, u, TOps.Broadcast(P4));
        p = TOps.MultiplyAdd(p, u, TOps.Broadcast(P3));
        p = TOps.MultiplyAdd(p, u, TOps.Broadcast(P2));
        p = TOps.MultiplyAdd(p, u, TOps.Broadcast(P1));
        p = TOps.Multiply(p, u);

        // e^(-x^2 / 2) needs more of x^2 than one float holds: the rounding error is put back to first order.
        TVec bound = TOps.Broadcast(14f);
        TVec a = TOps.Min(bound, TOps.Abs(x));   // beyond 13.2 the tail is below 2^-126, that is, 0
        TVec square = TOps.Multiply(a, a);
        TVec lost = TOps.MultiplyAdd(a, a, TOps.Subtract(TOps.Broadcast(0f), square));
        TVec gauss = Exp<TOps, TVec>(TOps.Multiply(minusHalf, square));
        gauss = TOps.MultiplyAdd(TOps.Multiply(minusHalf, lost), gauss, gauss);

        TVec tail = TOps.Multiply(gauss, p);
        TVec phi = TOps.SelectLess(x, TOps.Broadcast(0f), tail, TOps.Subtract(one, tail));
        return TOps.Multiply(x, phi);
    }

    /// <summary>
    /// 0.5 x (1 + tanh(u)) with u = sqrt(2 / pi) (x + 0.044715 x^3), as x / (1 + e^(-2u)): the same function without the
    /// cancellation of 1 + tanh for negative x. Within 3e-7 of the value or 1e-7, whichever is more, for x above -1e30.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec GeluTanh<TOps, TVec>(TVec x)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        // -2 sqrt(2 / pi) and that times 0.044715.
        TVec linear = TOps.Broadcast(-1.5957691216f), cubic = TOps.Broadcast(-0.0713548163f);
        TVec exponent = TOps.Multiply(x, TOps.MultiplyAdd(TOps.Multiply(x, x), cubic, linear));
        TVec one = TOps.Broadcast(1f);
        return TOps.Divide(x, TOps.Add(one, Exp<TOps, TVec>(exponent)));
    }

    /// <summary>x * sigmoid(x) as x / (1 + e^-x): within 3e-7 of the value for x above -88, within 1e-8 for x above -1e30.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Silu<TOps, TVec>(TVec x)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec one = TOps.Broadcast(1f);
        return TOps.Divide(x, TOps.Add(one, Exp<TOps, TVec>(TOps.Subtract(TOps.Broadcast(0f), x))));
    }
}
