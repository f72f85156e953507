using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Kernels;

/// <summary>Rounds rows of inputs to integers: what quantised weights are multiplied by.</summary>
/// <remarks>
/// factor = 16383 / max(2^-100, max abs(x)), word = x * factor rounded to the nearest even integer; error bound in docs/numerics.md. The
/// lower limit keeps the factor finite, also for a row of zeros. NaN and infinity make the factor NaN, and with it every output of the row.
/// </remarks>
internal unsafe struct QuantizeRows : IRowJob, IKernel
{
    /// <summary>Input, (T, Columns).</summary>
    public float* X;

    /// <summary>Destination, (T).</summary>
    public QuantizedInput Y;

    public int Tokens;
    public int Columns;

    private const float SmallestMaximum = 1 / 1.2676506e30f;   // 2^-100

    private int _first;
    private int _end;

    /// <summary>Quantises all rows.</summary>
    public readonly void Run(RowPartition partition) => partition.Run(this, Tokens, grain: 1, work: (long)Tokens * Columns * 2);

    /// <inheritdoc/>
    public readonly void Run(int first, int end, int worker) => Simd.Run(Part(first, end));

    /// <summary>Rows [first, end) only.</summary>
    internal readonly QuantizeRows Part(int first, int end) => this with { _first = first, _end = end };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        for (int t = _first; t < _end; t++)
        {
            float* x = X + (nuint)t * (nuint)Columns;
            short* words = Y.Words + (nuint)t * Y.Stride;
            float factor = Factor<TOps, TVec>(x, (nuint)Columns);
            Y.Factors[t] = factor;
            if (float.IsNaN(factor))
                new Span<short>(words, (int)Y.Stride).Clear();
            else
                Round<TOps, TVec>(x, (nuint)Columns, factor, words);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Factor<TOps, TVec>(float* x, nuint length)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        // Maxima do not see NaN; zero times each input stays zero or becomes NaN.
        TVec zero = TOps.Broadcast(0f), largest = TOps.Broadcast(SmallestMaximum), largest1 = largest, faults = zero, faults1 = zero;
        nuint whole = length - length % Lanes.Count, i = 0;
        for (; i + 2 * Lanes.Count <= whole; i += 2 * Lanes.Count)
        {
            TVec a = TOps.Load(ref *x, i), b = TOps.Load(ref *x, i + Lanes.Count);
            largest = TOps.Max(TOps.Abs(a), largest);
            largest1 = TOps.Max(TOps.Abs(b), largest1);
            faults = TOps.MultiplyAdd(a, zero, faults);
            faults1 = TOps.MultiplyAdd(b, zero, faults1);
        }
        for (; i < length; i += Lanes.Count)
        {
            TVec a = i < whole ? TOps.Load(ref *x, i) : TOps.LoadTail(ref *x, i, length);
            largest = TOps.Max(TOps.Abs(a), largest);
            faults = TOps.MultiplyAdd(a, zero, faults);
        }
        return QuantizedInput.LargestWord / (TOps.MaxLane(TOps.Max(largest, largest1)) + TOps.Sum(TOps.Add(faults, faults1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round<TOps, TVec>(float* x, nuint length, float factor, short* words)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec scale = TOps.Broadcast(factor);
        nuint whole = length - length % QuantizedInput.PairLength;
        for (nuint i = 0; i < whole; i += QuantizedInput.PairLength)
        {
            for (nuint half = 0; half < 2; half++)
            {
                short* even = words + i + half * 32;
                float* first = x + i + half * 16, second = first + 32;
                TVec a = TOps.Load(ref *first, 0), b = TOps.Load(ref *first, 8), c = TOps.Load(ref *second, 0), d = TOps.Load(ref *second, 8);
                TOps.StoreWords(TOps.Multiply(a, scale), TOps.Multiply(b, scale), even, even + 16);
                TOps.StoreWords(TOps.Multiply(c, scale), TOps.Multiply(d, scale), even + 8, even + 24);
            }
        }
        if (whole == length)
            return;
        float* last = stackalloc float[QuantizedInput.PairLength];
        new Span<float>(last, QuantizedInput.PairLength).Clear();
        new Span<float>(x + whole, (int)(length - whole)).CopyTo(new Span<float>(last, QuantizedInput.PairLength));
        Round<TOps, TVec>(last, QuantizedInput.PairLength, factor, words + whole);
    }
}
