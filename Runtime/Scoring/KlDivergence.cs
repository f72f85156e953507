using System.Runtime.Intrinsics;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Scoring;

/// <summary>How far the distribution of some logits is from that of reference logits, in double precision.</summary>
/// <remarks>
/// KL(P || Q) = sum_i p_i (ln p_i - ln q_i) (Kullback and Leibler 1951) of P = softmax(reference), Q = softmax(logits). With x and y as the two
/// rows less their maxima: (sum_i exp(x_i) (x_i - y_i)) / sum_i exp(x_i) + ln sum_i exp(y_i) - ln sum_i exp(x_i). Sums have four
/// lanes and one order, whatever the machine.
/// </remarks>
public static class KlDivergence
{
    /// <summary>Computes it.</summary>
    /// <param name="reference">Logits of P, (V), V at least 1.</param>
    /// <param name="logits">Logits of Q, (V).</param>
    /// <returns>
    /// Nats, 0 or more, within 1e-13 of the value (relative to 1 or to the largest difference of two logits, whichever is more); 0 exactly for
    /// equal rows; infinite where Q rules out what P does not. NaN if a logit is NaN or positive infinity. What P gives less than e^-708 counts
    /// as nothing.
    /// </returns>
    /// <exception cref="ArgumentException">The lengths differ, or there is nothing.</exception>
    public static double Of(ReadOnlySpan<float> reference, ReadOnlySpan<float> logits)
    {
        Require.Length(logits.Length, reference.Length);
        return Of(reference, LogSoftmax.Normalizer(reference), logits, LogSoftmax.Normalizer(logits));
    }

    /// <summary>The same where the normalizers are known.</summary>
    internal static double Of(ReadOnlySpan<float> reference, LogNormalizer p, ReadOnlySpan<float> logits, LogNormalizer q)
    {
        Vector256<double> xMax = Vector256.Create(p.Max), yMax = Vector256.Create(q.Max), sum = Vector256<double>.Zero;
        int i = 0;
        for (; i <= reference.Length - Vector128<float>.Count; i += Vector128<float>.Count)
            sum += Terms(Vector128.Create(reference[i..]), xMax, Vector128.Create(logits[i..]), yMax);
        if (i < reference.Length)
        {
            Span<float> x = stackalloc float[Vector128<float>.Count], y = stackalloc float[Vector128<float>.Count];
            x.Fill(float.NegativeInfinity);
            y.Clear();
            reference[i..].CopyTo(x);
            logits[i..].CopyTo(y);
            sum += Terms(Vector128.Create<float>(x), xMax, Vector128.Create<float>(y), yMax);
        }
        double weighted = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / p.Sum;
        return Math.Max(0, weighted + (q.LogSum - p.LogSum));   // never negative, but for rounding
    }

    // exp(x) (x - y); nothing where P has nothing, whatever Q has there.
    private static Vector256<double> Terms(Vector128<float> reference, Vector256<double> xMax, Vector128<float> logits, Vector256<double> yMax)
    {
        Vector256<double> x = Widen(reference) - xMax, y = Widen(logits) - yMax;
        Vector256<double> nothing = Vector256.LessThanOrEqual(x, Vector256.Create(DoubleExp.Smallest));
        return Vector256.ConditionalSelect(nothing, Vector256<double>.Zero, DoubleExp.Of(x) * (x - y));
    }

    private static Vector256<double> Widen(Vector128<float> x)
    {
        (Vector128<double> low, Vector128<double> high) = Vector128.Widen(x);
        return Vector256.Create(low, high);
    }
}
