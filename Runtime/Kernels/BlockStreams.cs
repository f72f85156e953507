using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Quantised rows for a single token, four at a time, a quarter of the outputs apart: the order in which <see cref="DecodeStreams"/> reads memory. Sums as in
/// <see cref="BlockTile"/>.
/// </summary>
/// <remarks>
/// A row's scales lie after its quants. Reading both at once costs the prefetchers the stream (two thirds of the read rate instead of all of it), so that
/// the integer sums wait in the first-level cache until the scales' turn has come.
/// </remarks>
internal static unsafe class BlockStreams
{
    private const int Streams = 4;

    // Floats of the sums of two blocks in each stream.
    private const int SumsLength = Streams * Lanes.Count;

    /// <summary>Computes outputs [first, end), as many as fall into four equal parts.</summary>
    /// <param name="w">Weights, (out, in).</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="x">Words of the input, see <see cref="QuantizedInput"/>.</param>
    /// <param name="sums">Scratch, 32 floats for every two blocks.</param>
    /// <param name="y">Outputs, (out), before the input's factor.</param>
    /// <param name="first">First output.</param>
    /// <param name="end">One past the last output.</param>
    /// <returns>The first output that is left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Run<TOps, TVec, TBlock>(byte* w, nuint blocks, short* x, float* sums, float* y, int first, int end)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TBlock : struct, IBlockRows
    {
        TVec levels = TBlock.Levels<TOps, TVec>();
        nuint scales = blocks * TBlock.QuantBytes, rowBytes = scales + blocks * BlockLayout.ScaleBytes, whole = blocks / 2 * 2 * TBlock.QuantBytes;
        int rows = (end - first) / Streams;
        nuint streamBytes = (nuint)rows * rowBytes;
        byte* w0 = w + (nuint)first * rowBytes, w1 = w0 + streamBytes, w2 = w1 + streamBytes, w3 = w2 + streamBytes;
        float* y0 = y + first, y1 = y0 + rows, y2 = y1 + rows, y3 = y2 + rows;
        for (int row = 0; row < rows; row++)
        {
            float* sum = sums;
            short* words = x;
            for (nuint i = 0; i < whole; i += 2 * TBlock.QuantBytes)
            {
                TOps.Store(BlockTile.Sums<TOps, TVec, TBlock>(w0 + i, words, levels), ref *sum, 0);
                TOps.Store(BlockTile.Sums<TOps, TVec, TBlock>(w1 + i, words, levels), ref *sum, Lanes.Count);
                TOps.Store(BlockTile.Sums<TOps, TVec, TBlock>(w2 + i, words, levels), ref *sum, 2 * Lanes.Count);
                TOps.Store(BlockTile.Sums<TOps, TVec, TBlock>(w3 + i, words, levels), ref *sum, 3 * Lanes.Count);
                sum += SumsLength;
                words += QuantizedInput.PairLength;
            }
            TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
            nuint scale = scales;
            for (float* pair = sums; pair < sum; pair += SumsLength)
            {
                s0 = TOps.MultiplyAdd(TOps.LoadScales(w0 + scale), TOps.Load(ref *pair, 0), s0);
                s1 = TOps.MultiplyAdd(TOps.LoadScales(w1 + scale), TOps.Load(ref *pair, Lanes.Count), s1);
                s2 = TOps.MultiplyAdd(TOps.LoadScales(w2 + scale), TOps.Load(ref *pair, 2 * Lanes.Count), s2);
                s3 = TOps.MultiplyAdd(TOps.LoadScales(w3 + scale), TOps.Load(ref *pair, 3 * Lanes.Count), s3);
                scale += BlockTile.PairScaleBytes;
            }
            if (blocks % 2 != 0)
            {
                s0 = TOps.MultiplyAdd(BlockTile.LastSums<TOps, TVec, TBlock>(w0 + whole, words, levels), TOps.LoadScale(w0 + scale), s0);
                s1 = TOps.MultiplyAdd(BlockTile.LastSums<TOps, TVec, TBlock>(w1 + whole, words, levels), TOps.LoadScale(w1 + scale), s1);
                s2 = TOps.MultiplyAdd(BlockTile.LastSums<TOps, TVec, TBlock>(w2 + whole, words, levels), TOps.LoadScale(w2 + scale), s2);
                s3 = TOps.MultiplyAdd(BlockTile.LastSums<TOps, TVec, TBlock>(w3 + whole, words, levels), TOps.LoadScale(w3 + scale), s3);
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
