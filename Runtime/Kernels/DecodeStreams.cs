using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rows of a linear layer for a single token, all but small parts of short rows (<see cref="DecodeTile"/>: a row of more than 512 bytes, or a part of more than
/// 64 KB), four at a time, a quarter of the outputs apart: each of the four reads on through memory without a break, which is what hardware prefetchers follow.
/// Sums as in <see cref="MatMulTile"/>.
/// </summary>
/// <remarks>
/// Four neighbouring rows are four streams that end with the row and start again elsewhere, and prefetching by instructions mends only a part of it. A single
/// stream stops at the end of every page; of four, the others go on meanwhile, and there are chains enough for narrow types. Figures in docs/performance.md.
/// </remarks>
internal static unsafe class DecodeStreams
{
    private const int Streams = 4;

    /// <summary>Computes outputs [first, end), as many as fall into four equal parts.</summary>
    /// <param name="w">Weights, (out, length).</param>
    /// <param name="x">Input, (length).</param>
    /// <param name="length">Input features, a multiple of eight.</param>
    /// <param name="y">Outputs, (out).</param>
    /// <param name="first">First output.</param>
    /// <param name="end">One past the last output.</param>
    /// <returns>The first output that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Run<TOps, TVec, TWeights>(byte* w, float* x, nuint length, float* y, int first, int end)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        nuint rowBytes = TWeights.RowBytes(length);
        int rows = (end - first) / Streams;
        nuint streamBytes = (nuint)rows * rowBytes;
        byte* w0 = w + (nuint)first * rowBytes, w1 = w0 + streamBytes, w2 = w1 + streamBytes, w3 = w2 + streamBytes;
        float* y0 = y + first, y1 = y0 + rows, y2 = y1 + rows, y3 = y2 + rows;
        for (int row = 0; row < rows; row++)
        {
            TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
            for (nuint i = 0; i < length; i += Lanes.Count)
            {
                TVec a = TOps.Load(ref *x, i);
                s0 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w0, i), a, s0);
                s1 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w1, i), a, s1);
                s2 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w2, i), a, s2);
                s3 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w3, i), a, s3);
            }
            y0[row] = TOps.Sum(s0);
            y1[row] = TOps.Sum(s1);
            y2[row] = TOps.Sum(s2);
            y3[row] = TOps.Sum(s3);
            w0 += rowBytes;
            w1 += rowBytes;
            w2 += rowBytes;
            w3 += rowBytes;
        }
        return first + Streams * rows;
    }
}
