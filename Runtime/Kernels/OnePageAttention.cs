using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Attention of a token alone whose past fits one page: several heads at a time, since one head of a small model is too short to keep the processor
/// busy. Every sum is the chain of <see cref="AttentionBlock"/>.
/// </summary>
internal static unsafe class OnePageAttention
{
    private const int Lane = Lanes.Count, Stride = KvPage.Positions;

    /// <summary>Runs heads [first, end) of the call's only token.</summary>
    /// <param name="call">The call.</param>
    /// <param name="first">First head.</param>
    /// <param name="end">One past the last head.</param>
    /// <param name="scratch">Working memory of this worker.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVec, TElement>(in Attention<TElement> call, int first, int end, float* scratch)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IKvType
    {
        int length = call.Rows->Length, group = call.HeadCount / call.Page.KvHeadCount, most = call.ScratchLayout.PageRows;
        byte* page = *call.Rows->Pages;
        nuint headDim = (nuint)call.Page.HeadDim;
        float* totals = scratch + call.ScratchLayout.Totals;
        float scale = 1f / MathF.Sqrt(call.Page.HeadDim);
        nuint columns = ((nuint)length + 4 * Lane - 1) / (4 * Lane) * (4 * Lane);   // scores beyond the length are computed too, and never read
        for (int head = first; head < end; head += most)
        {
            int heads = Math.Min(most, end - head);
            for (int i = 0; i < heads; i++)
            {
                byte* keys = call.Page.Keys<TElement>(page, call.Layer, (head + i) / group);
                AttentionTile.OneRow<TOps, TVec, TElement>(
                    call.Qkv + (nuint)(head + i) * headDim, keys, TElement.RowBytes(Stride), headDim, columns, scale, begun: false, scratch + i * Stride, keys);
            }
            SoftmaxRows.Exponentials<TOps, TVec>(scratch, Stride, heads, length, totals);
            float* mixed = call.Mixed + (nuint)head * headDim;
            Mix<TOps, TVec, TElement>(call, page, head, heads, scratch, mixed);
            for (int i = 0; i < heads; i++)
                Divide<TOps, TVec>(mixed + (nuint)i * headDim, headDim, totals[i]);
        }
    }

    // Fewer than eight vectors in a head's row are fewer chains than cover the latency of a multiply-add: four heads go together.
    private static void Mix<TOps, TVec, TElement>(in Attention<TElement> call, byte* page, int head, int heads, float* weights, float* mixed)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IKvType
    {
        int i = 0, group = call.HeadCount / call.Page.KvHeadCount;
        nuint headDim = (nuint)call.Page.HeadDim, rowBytes = TElement.RowBytes(headDim), length = (nuint)call.Rows->Length;
        if (group == 1 && headDim < 8 * Lane && headDim % AttentionTile.Columns == 0)
        {
            for (; i + AttentionTile.Heads <= heads; i += AttentionTile.Heads)
            {
                byte* values = call.Page.Values<TElement>(page, call.Layer, head + i);
                nuint headBytes = (nuint)(call.Page.Values<TElement>(page, call.Layer, head + i + 1) - values);
                for (nuint d = 0; d < headDim; d += AttentionTile.Columns)
                {
                    AttentionTile.FourHeads<TOps, TVec, TElement>(
                        weights + i * Stride, Stride, values + TElement.RowBytes(d), headBytes, rowBytes, length, mixed + (nuint)i * headDim + d, headDim);
                }
            }
        }
        for (; i < heads; i++)
        {
            byte* values = call.Page.Values<TElement>(page, call.Layer, (head + i) / group);
            AttentionTile.OneRow<TOps, TVec, TElement>(weights + i * Stride, values, rowBytes, length, headDim, 1, begun: false, mixed + (nuint)i * headDim, values);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Divide<TOps, TVec>(float* x, nuint length, float divisor)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec d = TOps.Broadcast(divisor);
        nuint whole = length - length % Lane;
        for (nuint i = 0; i < whole; i += Lane)
            TOps.Store(TOps.Divide(TOps.Load(ref *x, i), d), ref *x, i);
        if (whole < length)
            TOps.StoreTail(TOps.Divide(TOps.LoadTail(ref *x, whole, length), d), ref *x, whole, length);
    }
}
