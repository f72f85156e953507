using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>The first half of softmax over several short rows, the same bits as <see cref="Softmax.Exponentials(Span{float})"/> of each.</summary>
internal static unsafe class SoftmaxRows
{
    private static ReadOnlySpan<float> LaneNumbers => [0, 1, 2, 3, 4, 5, 6, 7];

    /// <summary>x[r, i] = e^(x[r, i] - max of row r).</summary>
    /// <param name="x">Rows with room for whole vectors; what is beyond the length is overwritten with zero, up to a whole vector.</param>
    /// <param name="stride">Floats from row to row, a multiple of 8.</param>
    /// <param name="rows">Their number.</param>
    /// <param name="length">Elements of each, 1 to <paramref name="stride"/>.</param>
    /// <param name="totals">The sum of each row's results, (rows).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Exponentials<TOps, TVec>(float* x, int stride, int rows, int length, float* totals)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint last = ((nuint)length - 1) / Lanes.Count * Lanes.Count;
        TVec lanes = TOps.Load(ref MemoryMarshal.GetReference(LaneNumbers), 0), count = TOps.Broadcast(length - (float)last);
        TVec none = TOps.Broadcast(float.NegativeInfinity);
        for (int row = 0; row < rows; row++, x += stride)
        {
            // The last vector is filled up with scores whose exponential is 0.
            TVec largest = TOps.SelectLess(lanes, count, TOps.Load(ref *x, last), none);
            TOps.Store(largest, ref *x, last);
            largest = TOps.Max(largest, none);   // NaN is never the largest
            for (nuint i = 0; i < last; i += Lanes.Count)
                largest = TOps.Max(TOps.Load(ref *x, i), largest);
            TVec shift = TOps.Broadcast(TOps.MaxLane(largest)), sums = TOps.Broadcast(0f);
            for (nuint i = 0; i <= last; i += Lanes.Count)
            {
                TVec e = VectorMath.Exp<TOps, TVec>(TOps.Subtract(TOps.Load(ref *x, i), shift));
                TOps.Store(e, ref *x, i);
                sums = TOps.Add(sums, e);
            }
            totals[row] = TOps.Sum(sums);
        }
    }
}
