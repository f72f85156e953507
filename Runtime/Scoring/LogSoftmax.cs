using System.Runtime.Intrinsics;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Scoring;

/// <summary>Logarithms of the probabilities that logits stand for, in double precision.</summary>
/// <remarks>
/// ln softmax(x)[i] = (x[i] - max) - ln sum_j exp(x[j] - max). The sum has eight lanes and one order, whatever the machine.
/// </remarks>
public static class LogSoftmax
{
    /// <summary>The logarithm of one token's probability.</summary>
    /// <param name="logits">Logits, (V).</param>
    /// <param name="token">A token id below V.</param>
    /// <returns>Nats, 0 or less, within 1e-14 of the value (relative to it or to 1, whichever is more); NaN if a logit is NaN or positive infinity.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The token is not below V.</exception>
    public static double Of(ReadOnlySpan<float> logits, int token)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(token);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(token, logits.Length);
        return Normalizer(logits).LogProbability(logits[token]);
    }

    /// <summary>What all tokens of a position have in common.</summary>
    /// <param name="logits">Logits, (V), V at least 1.</param>
    internal static LogNormalizer Normalizer(ReadOnlySpan<float> logits)
    {
        float max = ArgMax.FindMax(logits);
        return new LogNormalizer(max, SumOfExponentials(logits, max));
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
        low += DoubleExp.Of(first - shift);
        high += DoubleExp.Of(second - shift);
    }
}
