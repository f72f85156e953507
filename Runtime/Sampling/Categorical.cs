using System.Numerics;
using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Sampling;

/// <summary>Draws a token from the softmax of the logits.</summary>
/// <remarks>
/// <para>Probabilities are those of the tutorials: softmax in float32, the maximum subtracted first. One number u of the sample's
/// stream decides: the token is the first whose cumulative probability, in the order of ids, is above u times the whole. The
/// additions have one fixed order in float64, so the token is the same on every machine.</para>
/// <para>A logit of negative infinity or NaN is never drawn; logits of positive infinity share the whole probability equally.
/// Stateless and safe to share between threads.</para>
/// </remarks>
public sealed class Categorical : ITokenPicker
{
    // Probabilities are summed in blocks, so that a draw walks over blocks and then within one.
    private const int BlockLength = 256;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There are no logits.</exception>
    /// <exception cref="NoTokenException">Every logit is NaN or negative infinity.</exception>
    public int Pick(Span<float> logits, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        ToProbabilities(logits);
        return Draw(logits, random.NextUnit());
    }

    /// <summary>Replaces logits, (V), by the probabilities that <see cref="Pick"/> draws from.</summary>
    internal static void ToProbabilities(Span<float> logits)
    {
        float max = logits[ArgMax.Find(logits)];
        if (!(max > float.NegativeInfinity))
            throw new NoTokenException();
        if (float.IsPositiveInfinity(max))
            KeepInfinite(logits);
        else
            ReplaceNaN(logits);
        Softmax.Apply(logits);
    }

    /// <summary>The first index whose cumulative probability is above <paramref name="unit"/> times the whole.</summary>
    /// <param name="probabilities">Not negative, at least one above 0, (V); they need not add up to 1.</param>
    /// <param name="unit">In [0, 1).</param>
    internal static int Draw(ReadOnlySpan<float> probabilities, double unit)
    {
        double whole = 0;
        for (int start = 0; start < probabilities.Length; start += BlockLength)
            whole += SumBlock(probabilities, start);

        // The blocks below add up to the whole in the same order and unit * whole rounds below whole, so the walk ends in time.
        double target = unit * whole, before = 0, sum = SumBlock(probabilities, 0);
        int first = 0;
        while (before + sum <= target && first + BlockLength < probabilities.Length)
        {
            before += sum;
            first += BlockLength;
            sum = SumBlock(probabilities, first);
        }
        return DrawWithin(probabilities, first, target - before);
    }

    // Four chains: one would wait for each addition.
    private static double SumBlock(ReadOnlySpan<float> probabilities, int start)
    {
        ReadOnlySpan<float> block = probabilities.Slice(start, Math.Min(BlockLength, probabilities.Length - start));
        double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        while (block.Length >= 4)
        {
            sum0 += block[0];
            sum1 += block[1];
            sum2 += block[2];
            sum3 += block[3];
            block = block[4..];
        }
        foreach (float p in block)
            sum0 += p;
        return (sum0 + sum1) + (sum2 + sum3);
    }

    // A block's sum and the chain here round differently: where the chain ends below the target, the last possible token is meant.
    private static int DrawWithin(ReadOnlySpan<float> probabilities, int start, double target)
    {
        int end = Math.Min(start + BlockLength, probabilities.Length), chosen = start;
        double sum = 0;
        for (int i = start; i < end; i++)
        {
            if (probabilities[i] <= 0)
                continue;
            chosen = i;
            sum += probabilities[i];
            if (sum > target)
                break;
        }
        return chosen;
    }

    private static void KeepInfinite(Span<float> logits)
    {
        foreach (ref float logit in logits)
            logit = float.IsPositiveInfinity(logit) ? 0 : float.NegativeInfinity;
    }

    private static void ReplaceNaN(Span<float> logits)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Vector<float> none = new(float.NegativeInfinity);
        foreach (ref Vector<float> v in vectors)
            v = Vector.ConditionalSelect(Vector.Equals(v, v), v, none);
        foreach (ref float logit in logits[(vectors.Length * Vector<float>.Count)..])
            logit = float.IsNaN(logit) ? float.NegativeInfinity : logit;
    }
}
