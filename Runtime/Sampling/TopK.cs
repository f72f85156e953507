using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Sampling;

/// <summary>Keeps every logit that is at least as large as the k-th largest; the others become negative infinity.</summary>
/// <remarks>
/// <para>As the tutorials: ties at the k-th place all stay, and k above V keeps all. Nothing is sorted: one pass collects what is
/// above the k-th largest so far, in a buffer that is cut back to its k largest whenever it is full, so the cost is O(V)
/// whatever the order of the logits.</para>
/// <para>NaN counts as negative infinity. Allocates on the first call only. Serves one thread at a time.</para>
/// </remarks>
public sealed class TopK : ILogitsStep
{
    // Cutting back costs 32 passes over the buffer: with room for this many it happens once or twice for k = 50 in 50,257 logits.
    private const int SmallestBuffer = 1024;

    private readonly int _k;
    private int[] _candidates = [];

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

    // The k-th largest logit; negative infinity if fewer than k are above that.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float FindThreshold(ReadOnlySpan<float> logits)
    {
        int needed = (int)Math.Min(logits.Length + Vector<float>.Count, Math.Max(2L * _k, SmallestBuffer));
        if (_candidates.Length < needed)
            _candidates = new int[needed];

        float threshold = float.NegativeInfinity;
        int count = 0;
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(logits);
        for (int v = 0; v < vectors.Length; v++)
        {
            if (!Vector.GreaterThanAny(vectors[v], new Vector<float>(threshold)))
                continue;
            if (count + Vector<float>.Count > _candidates.Length)
                threshold = CutBack(ref count);
            OrderedKey.FromFloats(vectors[v]).CopyTo(_candidates, count);   // all eight: one below the threshold does no harm
            count += Vector<float>.Count;
        }
        Collect(logits[(vectors.Length * Vector<float>.Count)..], ref threshold, ref count);
        return count < _k ? threshold : CutBack(ref count);
    }

    private void Collect(ReadOnlySpan<float> logits, ref float threshold, ref int count)
    {
        foreach (float logit in logits)
        {
            if (!(logit > threshold))
                continue;
            if (count == _candidates.Length)
                threshold = CutBack(ref count);
            if (logit > threshold)
                _candidates[count++] = OrderedKey.FromFloat(logit);
        }
    }

    // Leaves k candidates, none smaller than one that goes, and returns the smallest of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private float CutBack(ref int count)
    {
        Span<int> candidates = _candidates.AsSpan(0, count);
        int kth = OrderedKey.FindKthLargest(candidates, _k);
        int kept = 0;
        foreach (int key in candidates)
        {
            if (key > kth)
                candidates[kept++] = key;
        }
        candidates[kept.._k].Fill(kth);
        count = _k;
        return OrderedKey.ToFloat(kth);
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
