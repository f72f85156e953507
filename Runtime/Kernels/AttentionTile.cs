using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>The two products of attention, over one page of one head.</summary>
internal static unsafe class AttentionTile
{
    /// <summary>scores[p] = scale * sum over d of q[d] K[d, p], each one chain in the order of d.</summary>
    /// <param name="q">Query, (HS).</param>
    /// <param name="keys">Keys of the page, (HS, 64); positions not yet written hold some finite number.</param>
    /// <param name="headDim">HS.</param>
    /// <param name="scale">1 / sqrt(HS).</param>
    /// <param name="positions">Positions wanted, 1 to 64; up to a multiple of 32 are written.</param>
    /// <param name="scores">Destination, (64).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores<TOps, TVec>(float* q, float* keys, nuint headDim, float scale, int positions, float* scores)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        for (int first = 0; first < positions; first += 4 * Lanes.Count)
        {
            TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
            float* key = keys + first;
            for (nuint d = 0; d < headDim; d++)
            {
                TVec a = TOps.Broadcast(q[d]);
                s0 = TOps.MultiplyAdd(a, TOps.Load(ref *key, 0), s0);
                s1 = TOps.MultiplyAdd(a, TOps.Load(ref *key, 8), s1);
                s2 = TOps.MultiplyAdd(a, TOps.Load(ref *key, 16), s2);
                s3 = TOps.MultiplyAdd(a, TOps.Load(ref *key, 24), s3);
                key += KvPage.Positions;
            }
            TVec factor = TOps.Broadcast(scale);
            float* y = scores + first;
            TOps.Store(TOps.Multiply(s0, factor), ref *y, 0);
            TOps.Store(TOps.Multiply(s1, factor), ref *y, 8);
            TOps.Store(TOps.Multiply(s2, factor), ref *y, 16);
            TOps.Store(TOps.Multiply(s3, factor), ref *y, 24);
        }
    }

    /// <summary>mixed[d] += sum over p of weights[p] V[p, d], each one chain in the order of p.</summary>
    /// <param name="weights">Attention weights of the page's positions, (positions).</param>
    /// <param name="values">Values of the page, (64, HS).</param>
    /// <param name="headDim">HS.</param>
    /// <param name="positions">1 to 64.</param>
    /// <param name="fresh">Whether this is the first page: mixed is set, not added to.</param>
    /// <param name="mixed">Destination, (HS).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Mix<TOps, TVec>(float* weights, float* values, nuint headDim, int positions, bool fresh, float* mixed)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint d = 0;
        for (; d + 8 * Lanes.Count <= headDim; d += 8 * Lanes.Count)
        {
            TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
            float* v = values + d;
            for (int p = 0; p < positions; p++)
            {
                TVec a = TOps.Broadcast(weights[p]);
                s0 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 0), s0);
                s1 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 8), s1);
                s2 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 16), s2);
                s3 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 24), s3);
                s4 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 32), s4);
                s5 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 40), s5);
                s6 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 48), s6);
                s7 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 56), s7);
                v += headDim;
            }
            float* y = mixed + d;
            Accumulate<TOps, TVec>(s0, fresh, y, 0);
            Accumulate<TOps, TVec>(s1, fresh, y, 8);
            Accumulate<TOps, TVec>(s2, fresh, y, 16);
            Accumulate<TOps, TVec>(s3, fresh, y, 24);
            Accumulate<TOps, TVec>(s4, fresh, y, 32);
            Accumulate<TOps, TVec>(s5, fresh, y, 40);
            Accumulate<TOps, TVec>(s6, fresh, y, 48);
            Accumulate<TOps, TVec>(s7, fresh, y, 56);
        }
        for (; d + 2 * Lanes.Count <= headDim; d += 2 * Lanes.Count)
        {
            TVec s0 = TOps.Broadcast(0f), s1 = s0;
            float* v = values + d;
            for (int p = 0; p < positions; p++)
            {
                TVec a = TOps.Broadcast(weights[p]);
                s0 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 0), s0);
                s1 = TOps.MultiplyAdd(a, TOps.Load(ref *v, 8), s1);
                v += headDim;
            }
            Accumulate<TOps, TVec>(s0, fresh, mixed + d, 0);
            Accumulate<TOps, TVec>(s1, fresh, mixed + d, 8);
        }
        for (; d < headDim; d += Lanes.Count)
            MixTail<TOps, TVec>(weights, values, d, headDim, positions, fresh, mixed);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate<TOps, TVec>(TVec sums, bool fresh, float* y, nuint i)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.Store(fresh ? sums : TOps.Add(TOps.Load(ref *y, i), sums), ref *y, i);

    // The last 1 to 8 elements of a head.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixTail<TOps, TVec>(float* weights, float* values, nuint d, nuint headDim, int positions, bool fresh, float* mixed)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint end = nuint.Min(d + Lanes.Count, headDim);
        TVec sums = TOps.Broadcast(0f);
        for (int p = 0; p < positions; p++)
            sums = TOps.MultiplyAdd(TOps.Broadcast(weights[p]), TOps.LoadTail(ref *(values + (nuint)p * headDim), d, end), sums);
        if (!fresh)
            sums = TOps.Add(TOps.LoadTail(ref *mixed, d, end), sums);
        TOps.StoreTail(sums, ref *mixed, d, end);
    }
}
