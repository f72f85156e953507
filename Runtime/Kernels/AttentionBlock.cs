using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>Attention of one block: consecutive tokens of one sequence, heads with the same keys and values. Each page is read once for all of them.</summary>
internal static unsafe class AttentionBlock
{
    /// <summary>Runs the block.</summary>
    /// <param name="call">The call it is part of.</param>
    /// <param name="part">The block.</param>
    /// <param name="scratch">Working memory of this worker.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TOps, TVec, TElement>(in Attention<TElement> call, AttentionPart part, float* scratch)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IKvType
    {
        int tokens = part.EndToken - part.FirstToken;
        AttentionRow* rows = call.Rows + part.FirstToken;
        nuint headDim = (nuint)call.Page.HeadDim, qStride = (nuint)call.QkvDim, mixedStride = (nuint)call.HeadCount * headDim;
        nuint stride = (nuint)call.ScratchLayout.Stride, headScores = stride * (nuint)tokens;
        float* q = call.Qkv + (nuint)part.FirstToken * qStride + (nuint)part.FirstHead * headDim;
        float* mixed = call.Mixed + (nuint)part.FirstToken * mixedStride + (nuint)part.FirstHead * headDim;
        float* totals = scratch + call.ScratchLayout.Totals;
        int longest = rows[tokens - 1].Length;

        // Pages of a head are a few kilobytes each in blocks of megabytes, too short for the hardware to see a stream in: a token alone asks for the next
        // one as it reads (at position 1000 of the 124 M shape 17 becomes 20 GB/s on one thread, 26 becomes 31 on two).
        float scale = 1f / MathF.Sqrt(call.Page.HeadDim);
        for (int start = 0; start < longest; start += KvPage.Positions)
        {
            byte* keys = PageKeys(call, part.KvHead, rows, start);
            byte* ahead = start + KvPage.Positions < longest ? PageKeys(call, part.KvHead, rows, start + KvPage.Positions) : PageValues(call, part.KvHead, rows, 0);
            nuint positions = (nuint)Math.Min(longest - start, KvPage.Positions);
            for (nuint head = 0; head < (nuint)part.Heads; head++)
            {
                Scores<TOps, TVec, TElement>(
                    q + head * headDim, qStride, tokens, keys, headDim, scale, positions, scratch + head * headScores + start, stride, ahead);
            }
        }

        for (int row = 0; row < part.Heads * tokens; row++)
            totals[row] = Exponentials(scratch + (nuint)row * stride, rows[row % tokens].Length);

        for (int start = 0; start < longest; start += KvPage.Positions)
        {
            byte* values = PageValues(call, part.KvHead, rows, start);
            byte* ahead = start + KvPage.Positions < longest
                ? PageValues(call, part.KvHead, rows, start + KvPage.Positions)
                : PageKeys(call, Math.Min(part.KvHead + 1, call.Page.KvHeadCount - 1), rows, 0);
            for (nuint head = 0; head < (nuint)part.Heads; head++)
            {
                var page = new PageMix(values, ahead, headDim, start, rows, tokens, scratch + head * headScores + start, stride);
                page.Add<TOps, TVec, TElement>(mixed + head * headDim, mixedStride, scratch + call.ScratchLayout.Sums);
            }
        }

        for (int row = 0; row < part.Heads * tokens; row++)
        {
            int head = row / tokens, token = row - head * tokens;
            Divide.Apply(new Span<float>(mixed + (nuint)token * mixedStride + (nuint)head * headDim, call.Page.HeadDim), totals[row]);
        }
    }

    // Filled up to whole vectors with scores whose exponential is 0: a tail would cost as much as all of a short row.
    private static float Exponentials(float* scores, int length)
    {
        int whole = (length + Lanes.Count - 1) / Lanes.Count * Lanes.Count;
        new Span<float>(scores + length, whole - length).Fill(float.NegativeInfinity);
        return Softmax.Exponentials(new Span<float>(scores, whole));
    }

    private static byte* PageKeys<TElement>(in Attention<TElement> call, int kvHead, AttentionRow* rows, int start)
        where TElement : struct, IKvType => call.Page.Keys<TElement>(rows->Pages[start / KvPage.Positions], call.Layer, kvHead);

    private static byte* PageValues<TElement>(in Attention<TElement> call, int kvHead, AttentionRow* rows, int start)
        where TElement : struct, IKvType => call.Page.Values<TElement>(rows->Pages[start / KvPage.Positions], call.Layer, kvHead);

    // Scores of one page. What lies beyond a token's own length is computed too, and never read.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores<TOps, TVec, TElement>(
        float* q, nuint qStride, int tokens, byte* keys, nuint headDim, float scale, nuint positions, float* scores, nuint stride, byte* ahead)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        nuint bytes = TElement.RowBytes(KvPage.Positions);
        if (tokens == AttentionTile.Rows)
        {
            for (nuint first = 0; first < positions; first += AttentionTile.Columns)
                AttentionTile.SixByTwo<TOps, TVec, TElement>(q, qStride, keys + TElement.RowBytes(first), bytes, headDim, scale, scores + first, stride);
            return;
        }
        positions = (positions + 4 * Lanes.Count - 1) / (4 * Lanes.Count) * (4 * Lanes.Count);
        for (nuint t = 0; t < (nuint)tokens; t++)
            AttentionTile.OneRow<TOps, TVec, TElement>(q + t * qStride, keys, bytes, headDim, positions, scale, begun: false, scores + t * stride, ahead);
    }

    /// <summary>The weighted values of one page, for the tokens of one head.</summary>
    private readonly struct PageMix(byte* values, byte* ahead, nuint headDim, int start, AttentionRow* rows, int tokens, float* weights, nuint stride)
    {
        /// <summary>mixed[t] += sum over the page's positions p that t attends over of weights[t, p] V[p]; the first page sets it.</summary>
        /// <param name="mixed">Destination, a row of (HS) for each token.</param>
        /// <param name="mixedStride">Floats from token to token.</param>
        /// <param name="sums">Working memory, (6, HS).</param>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Add<TOps, TVec, TElement>(float* mixed, nuint mixedStride, float* sums)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
            where TElement : struct, IWeightType
        {
            bool isFirst = start == 0;
            float* y = isFirst ? mixed : sums;
            nuint yStride = isFirst ? mixedStride : headDim, bytes = TElement.RowBytes(headDim);
            nuint shared = tokens == AttentionTile.Rows ? Positions(0) : 0;   // what all tokens attend over; later ones go on alone
            if (shared > 0)
                AddShared<TOps, TVec, TElement>(shared, y, yStride);
            for (int t = 0; t < tokens; t++)
            {
                nuint positions = Positions(t);
                float* row = y + (nuint)t * yStride;
                if (positions > shared)
                {
                    AttentionTile.OneRow<TOps, TVec, TElement>(
                        weights + (nuint)t * stride + shared, values + shared * bytes, bytes, positions - shared, headDim, 1, begun: shared > 0, row, ahead);
                }
                if (!isFirst && positions > 0)
                    Kernels.Add.Apply(new ReadOnlySpan<float>(row, (int)headDim), new Span<float>(mixed + (nuint)t * mixedStride, (int)headDim));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void AddShared<TOps, TVec, TElement>(nuint shared, float* y, nuint yStride)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
            where TElement : struct, IWeightType
        {
            nuint d = 0, bytes = TElement.RowBytes(headDim);
            for (; d + AttentionTile.Columns <= headDim; d += AttentionTile.Columns)
                AttentionTile.SixByTwo<TOps, TVec, TElement>(weights, stride, values + TElement.RowBytes(d), bytes, shared, 1, y + d, yStride);
            for (nuint t = 0; d < headDim && t < AttentionTile.Rows; t++)
            {
                AttentionTile.OneRow<TOps, TVec, TElement>(
                    weights + t * stride, values + TElement.RowBytes(d), bytes, shared, headDim - d, 1, begun: false, y + t * yStride + d, ahead);
            }
        }

        // How many positions of the page a token attends over.
        private nuint Positions(int token) => (nuint)Math.Clamp(rows[token].Length - start, 0, KvPage.Positions);
    }
}
