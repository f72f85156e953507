using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Sampling;

/// <summary>Draws a token from the softmax of the logits.</summary>
/// <remarks>
/// <para>Probabilities are those of the tutorials: softmax in float32, the maximum subtracted first. One number u of the sample's
/// stream decides: the token is the first whose cumulative probability, in the order of ids, is above u times the whole. All
/// additions have one fixed order, so the token is the same on every machine.</para>
/// <para>Tokens whose logit is negative infinity or NaN are left out before anything is computed: after top-k the cost is one
/// pass over the logits and little else. Logits of positive infinity share the whole probability equally. Allocates on the first
/// call only. Serves one thread at a time.</para>
/// </remarks>
public sealed class Categorical : ITokenPicker
{
    // Probabilities are summed in blocks, so that a draw walks over blocks and then within one.
    private const int BlockLength = 256;

    private int[] _ids = [];   // of the tokens that can be drawn, ascending
    private int _count;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There are no logits.</exception>
    /// <exception cref="NoTokenException">Every logit is NaN or negative infinity.</exception>
    public int Pick(Span<float> logits, RandomSource random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Span<float> probabilities = FindProbabilities(logits, out ReadOnlySpan<int> ids);
        return ids[Draw(probabilities, random.NextUnit())];
    }

    /// <summary>The distribution that <see cref="Pick"/> draws from.</summary>
    /// <param name="logits">Logits, (V); overwritten.</param>
    /// <param name="ids">The tokens that can be drawn, ascending; valid until the next call.</param>
    /// <returns>Their probabilities, within <paramref name="logits"/>.</returns>
    internal Span<float> FindProbabilities(Span<float> logits, out ReadOnlySpan<int> ids)
    {
        Require.NotEmpty(logits.Length);
        MovePossibleToFront(logits);
        if (_count == 0)
            throw new NoTokenException();
        ids = _ids.AsSpan(0, _count);
        Span<float> possible = logits[.._count];
        float max = ArgMax.FindMax(possible);
        if (float.IsPositiveInfinity(max))
        {
            KeepInfinite(possible);
            max = 0;
        }
        Softmax.Apply(possible, max);
        return possible;
    }

    /// <summary>The first index whose cumulative probability is above <paramref name="unit"/> times the whole.</summary>
    /// <param name="probabilities">Not negative, at least one above 0, (n); they need not add up to 1.</param>
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

    // Writes the logits above negative infinity to the front, in order, and their ids to _ids; a vector at a time where all or none are.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MovePossibleToFront(Span<float> logits)
    {
        if (_ids.Length < logits.Length)
            _ids = new int[logits.Length];
        Span<int> ids = _ids;
        int start = 0, count = 0;
        for (; start + Vector256<float>.Count <= logits.Length; start += Vector256<float>.Count)
        {
            Vector256<float> v = Vector256.Create<float>(logits[start..]);
            uint possible = Vector256.GreaterThan(v, Vector256.Create(float.NegativeInfinity)).ExtractMostSignificantBits();
            if (possible == (1 << Vector256<float>.Count) - 1)
            {
                v.CopyTo(logits[count..]);
                (Vector256<int>.Indices + Vector256.Create(start)).CopyTo(ids[count..]);
                count += Vector256<float>.Count;
                continue;
            }
            for (; possible != 0; possible &= possible - 1)
            {
                int id = start + BitOperations.TrailingZeroCount(possible);
                logits[count] = logits[id];
                ids[count++] = id;
            }
        }
        for (int id = start; id < logits.Length; id++)
        {
            float logit = logits[id];
            if (!(logit > float.NegativeInfinity))
                continue;
            logits[count] = logit;
            ids[count++] = id;
        }
        _count = count;
    }

    // Four chains side by side: element i joins chain i mod 4, what is left at the end joins the first.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumBlock(ReadOnlySpan<float> probabilities, int start)
    {
        ReadOnlySpan<float> block = probabilities.Slice(start, Math.Min(BlockLength, probabilities.Length - start));
        ReadOnlySpan<Vector256<float>> eights = MemoryMarshal.Cast<float, Vector256<float>>(block);
        Vector256<double> sums = Vector256<double>.Zero;
        foreach (Vector256<float> eight in eights)
        {
            (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(eight);
            sums = sums + lower + upper;
        }
        block = block[(eights.Length * Vector256<float>.Count)..];
        if (block.Length >= 4)
        {
            sums += Vector256.Create((double)block[0], block[1], block[2], block[3]);
            block = block[4..];
        }
        double first = sums[0];
        foreach (float p in block)
            first += p;
        return (first + sums[1]) + (sums[2] + sums[3]);
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
}
