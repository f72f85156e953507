using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Sampling;

/// <summary>Keeps every logit that is at least as large as the k-th largest; the others become negative infinity.</summary>
/// <remarks>
/// <para>As the tutorials: ties at the k-th place all stay, and k above V keeps all. Nothing is sorted: k groups of logits whose
/// maxima are the largest hold k logits that are no smaller than the least of these maxima, and what is above that are at most
/// a few for each k, whatever the order of the logits. Among them the k-th is looked for.</para>
/// <para>NaN counts as negative infinity. Allocates on the first call only. Serves one thread at a time.</para>
/// </remarks>
public sealed class TopK : ILogitsStep
{
    // Longer groups leave fewer maxima to choose from and more logits above the least of them.
    private const int LongestGroup = 16;

    private readonly int _k;
    private int[] _keys = [];   // of maxima first, then of what is above the bound

    /// <summary>Creates the step.</summary>
    /// <param name="k">How many to keep, 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below 1.</exception>
    public TopK(int k)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        _k = k;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There are no logits.</exception>
    public void Apply(Span<float> logits)
    {
        Require.NotEmpty(logits.Length);
        if (_k < logits.Length)
            KeepAtLeast(logits, FindThreshold(logits));
    }

    // The k-th largest logit, or negative infinity if there is none.
    private float FindThreshold(ReadOnlySpan<float> logits)
    {
        if (_keys.Length < logits.Length + Vector<float>.Count)
            _keys = new int[logits.Length + Vector<float>.Count];

        float bound = FindBound(logits);
        int count = CollectAbove(logits, bound);
        return count < _k ? bound : Math.Max(bound, OrderedKey.ToFloat(OrderedKey.FindKthLargest(_keys.AsSpan(0, count), _k)));
    }

    // A number that at least k logits reach: the k-th largest of the maxima of groups. A group is one lane of some vectors in a row, two
    // groups or more for each of the k.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float FindBound(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        int length = (int)Math.Clamp(logits.Length / (2L * _k), 1, LongestGroup), count = 0;
        for (int first = 0; first < vectors.Length; first += length)
        {
            Vector<float> largest = new(float.NegativeInfinity);
            foreach (Vector<float> v in vectors.Slice(first, Math.Min(length, vectors.Length - first)))
                largest = Vector.ConditionalSelect(Vector.GreaterThan(v, largest), v, largest);   // NaN is never greater
            OrderedKey.FromFloats(largest).CopyTo(_keys, count);
            count += Vector<float>.Count;
        }
        return count < _k ? float.NegativeInfinity : OrderedKey.ToFloat(OrderedKey.FindKthLargest(_keys.AsSpan(0, count), _k));
    }

    // The keys of all logits above a bound, and of some others: those beside them in a vector do no harm.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CollectAbove(ReadOnlySpan<float> logits, float bound)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Vector<float> bounds = new(bound);
        int count = 0;
        foreach (Vector<float> v in vectors)
        {
            if (!Vector.GreaterThanAny(v, bounds))
                continue;
            OrderedKey.FromFloats(v).CopyTo(_keys, count);
            count += Vector<float>.Count;
        }
        foreach (float logit in logits[(vectors.Length * Vector<float>.Count)..])
        {
            if (logit > bound)
                _keys[count++] = OrderedKey.FromFloat(logit);
        }
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void KeepAtLeast(Span<float> logits, float threshold)
    {
        Span<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        Vector<float> least = new(threshold), none = new(float.NegativeInfinity);
        foreach (ref Vector<float> v in vectors)
            v = Vector.ConditionalSelect(Vector.GreaterThanOrEqual(v, least), v, none);
        foreach (ref float logit in logits[(vectors.Length * Vector<float>.Count)..])
            logit = logit >= threshold ? logit : float.NegativeInfinity;
    }
}
