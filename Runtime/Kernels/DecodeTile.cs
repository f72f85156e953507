using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rows of a linear layer for a single token: reading them is all the work, so their lengths choose the order in which memory is read. Sums as
/// in <see cref="MatMulTile"/>.
/// </summary>
internal static unsafe class DecodeTile
{
    private const int Rows = 8;
    private const int CacheLine = 64;

    // How far ahead of what it reads a tile of short rows asks for weights: nearer, the L3 cache answers too late.
    private const int PrefetchBytes = 8 << 10;

    // Rows of 768 bytes are read 1.2 times as fast in streams, also from the L3 cache; of 384 bytes, from that cache, 0.95 times.
    private const int LongestShortRow = 512;

    /// <summary>Computes outputs [first, end), as many as fill whole tiles.</summary>
    /// <param name="w">Weights, (out, length).</param>
    /// <param name="x">Input, (length).</param>
    /// <param name="length">Input features.</param>
    /// <param name="y">Outputs, (out).</param>
    /// <param name="first">First output.</param>
    /// <param name="end">One past the last output.</param>
    /// <returns>The first output that is left: <paramref name="first"/> where rows have a tail.</returns>
    public static int Run<TOps, TVec, TWeights>(byte* w, float* x, nuint length, float* y, int first, int end)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        if (length % Lanes.Count != 0)
            return first;
        return TWeights.RowBytes(length) <= LongestShortRow
            ? Neighbours<TOps, TVec, TWeights>(w, x, length, y, first, end)
            : DecodeStreams.Run<TOps, TVec, TWeights>(w, x, length, y, first, end);
    }

    // Eight rows: four chains alone would wait for each other's multiply-adds when rows are short.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Neighbours<TOps, TVec, TWeights>(byte* w, float* x, nuint length, float* y, int first, int end)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        nuint rowBytes = TWeights.RowBytes(length);
        int row = first;
        for (; row + Rows <= end; row += Rows)
        {
            byte* w0 = w + (nuint)row * rowBytes, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
            byte* w4 = w3 + rowBytes, w5 = w4 + rowBytes, w6 = w5 + rowBytes, w7 = w6 + rowBytes, ahead = w0 + PrefetchBytes;
            TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
            for (nuint i = 0; i < length; i += Lanes.Count)
            {
                TVec a = TOps.Load(ref *x, i);
                s0 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w0, i), a, s0);
                s1 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w1, i), a, s1);
                s2 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w2, i), a, s2);
                s3 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w3, i), a, s3);
                s4 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w4, i), a, s4);
                s5 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w5, i), a, s5);
                s6 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w6, i), a, s6);
                s7 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w7, i), a, s7);
                Simd.Prefetch(ahead);
                Simd.Prefetch(ahead + CacheLine);
                if (TWeights.RowBytes(Rows * Lanes.Count) > 2 * CacheLine)
                {
                    Simd.Prefetch(ahead + 2 * CacheLine);
                    Simd.Prefetch(ahead + 3 * CacheLine);
                }
                ahead += TWeights.RowBytes(Rows * Lanes.Count);
            }
            TOps.StoreSums(s0, s1, s2, s3, s4, s5, s6, s7, ref y[row]);
        }
        return row;
    }
}
