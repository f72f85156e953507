using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Outputs of quantised rows, before the input's factor. Every output is the same chain whichever tile computes it: two blocks at a time,
/// lane j of 4 of each block holds the exact sum of the products of columns 4j to 4j + 3 and 4j + 16 to 4j + 19, as a float; a fused
/// multiply-add with the block's scale joins it to the lane's sum, even blocks in lanes 0 to 3, odd ones in 4 to 7; then one fixed tree.
/// </summary>
internal static unsafe class BlockTile
{
    /// <summary>Rows of weights in the larger tiles.</summary>
    public const int Rows = 4;

    /// <summary>Bytes of the scales of two blocks.</summary>
    public const nuint PairScaleBytes = 2 * BlockLayout.ScaleBytes;

    private const int CacheLine = 64;

    /// <summary>Four rows for one of few tokens, straight from memory.</summary>
    /// <param name="w">First of four rows that follow each other.</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="x">Words of the input, see <see cref="QuantizedInput"/>.</param>
    /// <param name="y">Four outputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByOne<TOps, TVec, TBlock>(byte* w, nuint blocks, short* x, float* y)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TBlock : struct, IBlockRows
    {
        TVec levels = TBlock.Levels<TOps, TVec>();
        nuint scale = blocks * TBlock.QuantBytes, rowBytes = scale + blocks * BlockLayout.ScaleBytes, whole = blocks / 2 * 2 * TBlock.QuantBytes;
        // Asked for: the next four rows, in the order of memory, a tile's time before they are read. 4 KB ahead (within a tile of long rows) measured
        // slower, 8 KB the same.
        byte* w0 = w, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes, ahead = w3 + rowBytes;
        TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
        for (nuint i = 0; i < whole; i += 2 * TBlock.QuantBytes)
        {
            s0 = TOps.MultiplyAdd(Sums<TOps, TVec, TBlock>(w0 + i, x, levels), TOps.LoadScales(w0 + scale), s0);
            s1 = TOps.MultiplyAdd(Sums<TOps, TVec, TBlock>(w1 + i, x, levels), TOps.LoadScales(w1 + scale), s1);
            s2 = TOps.MultiplyAdd(Sums<TOps, TVec, TBlock>(w2 + i, x, levels), TOps.LoadScales(w2 + scale), s2);
            s3 = TOps.MultiplyAdd(Sums<TOps, TVec, TBlock>(w3 + i, x, levels), TOps.LoadScales(w3 + scale), s3);
            Simd.Prefetch(ahead);
            Simd.Prefetch(ahead + CacheLine);
            Simd.Prefetch(ahead + 2 * CacheLine);
            if (TBlock.QuantBytes > BlockLayout.Q4QuantBytes)
                Simd.Prefetch(ahead + 3 * CacheLine);
            ahead += Rows * (2 * TBlock.QuantBytes + PairScaleBytes);
            scale += PairScaleBytes;
            x += QuantizedInput.PairLength;
        }
        if (blocks % 2 != 0)
        {
            s0 = TOps.MultiplyAdd(LastSums<TOps, TVec, TBlock>(w0 + whole, x, levels), TOps.LoadScale(w0 + scale), s0);
            s1 = TOps.MultiplyAdd(LastSums<TOps, TVec, TBlock>(w1 + whole, x, levels), TOps.LoadScale(w1 + scale), s1);
            s2 = TOps.MultiplyAdd(LastSums<TOps, TVec, TBlock>(w2 + whole, x, levels), TOps.LoadScale(w2 + scale), s2);
            s3 = TOps.MultiplyAdd(LastSums<TOps, TVec, TBlock>(w3 + whole, x, levels), TOps.LoadScale(w3 + scale), s3);
        }
        TOps.StoreSums(s0, s1, s2, s3, ref *y);
    }

    /// <summary>One row for one token: what is left at the edges.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float OneByOne<TOps, TVec, TBlock>(byte* w, nuint blocks, short* x)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TBlock : struct, IBlockRows
    {
        TVec levels = TBlock.Levels<TOps, TVec>(), s = TOps.Broadcast(0f);
        byte* scale = w + blocks * TBlock.QuantBytes;
        for (nuint b = 0; b + 2 <= blocks; b += 2)
        {
            s = TOps.MultiplyAdd(Sums<TOps, TVec, TBlock>(w, x, levels), TOps.LoadScales(scale), s);
            w += 2 * TBlock.QuantBytes;
            scale += PairScaleBytes;
            x += QuantizedInput.PairLength;
        }
        if (blocks % 2 != 0)
            s = TOps.MultiplyAdd(LastSums<TOps, TVec, TBlock>(w, x, levels), TOps.LoadScale(scale), s);
        return TOps.Sum(s);
    }

    /// <summary>The integer sums of two blocks, as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Sums<TOps, TVec, TBlock>(byte* quants, short* x, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TBlock : struct, IBlockRows =>
        Products<TOps, TVec>(TBlock.Low<TOps, TVec>(quants, levels), TBlock.High<TOps, TVec>(quants, levels), x);

    /// <summary>The integer sums of the last block of an odd number, as floats; any in the other half, whose scale is zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LastSums<TOps, TVec, TBlock>(byte* quants, short* x, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TBlock : struct, IBlockRows =>
        Products<TOps, TVec>(TBlock.LastLow<TOps, TVec>(quants, levels), TBlock.LastHigh<TOps, TVec>(quants, levels), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Products<TOps, TVec>(TVec low, TVec high, short* x)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        ref float words = ref *(float*)x;
        TVec a = TOps.MultiplyAddWords(TOps.EvenBytes(low), TOps.Load(ref words, 0));
        a = TOps.AddIntegers(a, TOps.MultiplyAddWords(TOps.OddBytes(low), TOps.Load(ref words, 8)));
        TVec b = TOps.MultiplyAddWords(TOps.EvenBytes(high), TOps.Load(ref words, 16));
        b = TOps.AddIntegers(b, TOps.MultiplyAddWords(TOps.OddBytes(high), TOps.Load(ref words, 24)));
        return TOps.ToFloats(TOps.AddIntegers(a, b));
    }
}
