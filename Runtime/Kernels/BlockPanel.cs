using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Four rows of quantised weights made ready for many tokens: bytes as words, scales as floats, in the order in which the tiles read them. The
/// same chains as <see cref="BlockTile"/>.
/// </summary>
/// <remarks>A step is two blocks of four rows; for each row four vectors of words, then one of scales.</remarks>
internal static unsafe class BlockPanel
{
    /// <summary>Tokens in the larger tile.</summary>
    public const int Tokens = 3;

    // In floats.
    private const nuint Vector = Lanes.Count, Row = 5 * Vector, Step = BlockTile.Rows * Row;

    /// <summary>Floats of memory that a panel takes.</summary>
    public static nuint Length(nuint columns) => QuantizedInput.StrideOf(columns) / QuantizedInput.PairLength * Step;

    /// <summary>Unpacks four rows.</summary>
    /// <param name="w">First of four rows that follow each other.</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="panel">Destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill<TOps, TVec, TBlock>(byte* w, nuint blocks, float* panel)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TBlock : struct, IBlockType
    {
        TVec levels = TBlock.Levels<TOps, TVec>();
        for (int row = 0; row < BlockTile.Rows; row++)
        {
            byte* quants = w, scale = w + blocks * TBlock.BlockBytes;
            float* y = panel;
            for (nuint b = 0; b + 2 <= blocks; b += 2)
            {
                Store<TOps, TVec>(TBlock.Low<TOps, TVec>(quants, levels), TBlock.High<TOps, TVec>(quants, levels), TOps.LoadScales(scale), y);
                quants += 2 * TBlock.BlockBytes;
                scale += 2 * Blocks.ScaleBytes;
                y += Step;
            }
            if (blocks % 2 != 0)
                Store<TOps, TVec>(TBlock.LastLow<TOps, TVec>(quants, levels), TBlock.LastHigh<TOps, TVec>(quants, levels), TOps.LoadScale(scale), y);
            w += blocks * (TBlock.BlockBytes + Blocks.ScaleBytes);
            panel += Row;
        }
    }

    /// <summary>Four rows for three tokens.</summary>
    /// <param name="panel">The rows.</param>
    /// <param name="x">Words of the first of three inputs.</param>
    /// <param name="stride">Words from input to input.</param>
    /// <param name="y">First output of the first token; four outputs of a token are neighbours.</param>
    /// <param name="yStride">Floats from token to token.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByThree<TOps, TVec>(float* panel, short* x, nuint stride, float* y, nuint yStride)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        short* x0 = x, x1 = x + stride, x2 = x1 + stride, end = x1;
        TVec s00 = TOps.Broadcast(0f), s01 = s00, s02 = s00, s03 = s00;
        TVec s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        TVec s20 = s00, s21 = s00, s22 = s00, s23 = s00;
        while (x0 < end)
        {
            OneByThree<TOps, TVec>(ref *panel, x0, x1, x2, ref s00, ref s10, ref s20);
            OneByThree<TOps, TVec>(ref *(panel + Row), x0, x1, x2, ref s01, ref s11, ref s21);
            OneByThree<TOps, TVec>(ref *(panel + 2 * Row), x0, x1, x2, ref s02, ref s12, ref s22);
            OneByThree<TOps, TVec>(ref *(panel + 3 * Row), x0, x1, x2, ref s03, ref s13, ref s23);
            panel += Step;
            x0 += QuantizedInput.PairLength;
            x1 += QuantizedInput.PairLength;
            x2 += QuantizedInput.PairLength;
        }
        TOps.StoreSums(s00, s01, s02, s03, ref *y);
        TOps.StoreSums(s10, s11, s12, s13, ref *(y + yStride));
        TOps.StoreSums(s20, s21, s22, s23, ref *(y + 2 * yStride));
    }

    /// <summary>Four rows for one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByOne<TOps, TVec>(float* panel, short* x, nuint stride, float* y)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
        for (short* end = x + stride; x < end; x += QuantizedInput.PairLength)
        {
            s0 = OneByOne<TOps, TVec>(ref *panel, x, s0);
            s1 = OneByOne<TOps, TVec>(ref *(panel + Row), x, s1);
            s2 = OneByOne<TOps, TVec>(ref *(panel + 2 * Row), x, s2);
            s3 = OneByOne<TOps, TVec>(ref *(panel + 3 * Row), x, s3);
            panel += Step;
        }
        TOps.StoreSums(s0, s1, s2, s3, ref *y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TOps, TVec>(TVec low, TVec high, TVec scales, float* y)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TOps.Store(TOps.EvenBytes(low), ref *y, 0);
        TOps.Store(TOps.OddBytes(low), ref *y, Vector);
        TOps.Store(TOps.EvenBytes(high), ref *y, 2 * Vector);
        TOps.Store(TOps.OddBytes(high), ref *y, 3 * Vector);
        TOps.Store(scales, ref *y, 4 * Vector);
    }

    // Two vectors of weights at a time and three integer sums: with the twelve sums of the tile that is one register more than AVX2 has.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneByThree<TOps, TVec>(ref float w, short* x0, short* x1, short* x2, ref TVec s0, ref TVec s1, ref TVec s2)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec a = TOps.Load(ref w, 0), b = TOps.Load(ref w, Vector);
        TVec p0 = TOps.AddIntegers(Product<TOps, TVec>(a, x0, 0), Product<TOps, TVec>(b, x0, Vector));
        TVec p1 = TOps.AddIntegers(Product<TOps, TVec>(a, x1, 0), Product<TOps, TVec>(b, x1, Vector));
        TVec p2 = TOps.AddIntegers(Product<TOps, TVec>(a, x2, 0), Product<TOps, TVec>(b, x2, Vector));
        a = TOps.Load(ref w, 2 * Vector);
        b = TOps.Load(ref w, 3 * Vector);
        p0 = TOps.AddIntegers(TOps.AddIntegers(p0, Product<TOps, TVec>(a, x0, 2 * Vector)), Product<TOps, TVec>(b, x0, 3 * Vector));
        p1 = TOps.AddIntegers(TOps.AddIntegers(p1, Product<TOps, TVec>(a, x1, 2 * Vector)), Product<TOps, TVec>(b, x1, 3 * Vector));
        p2 = TOps.AddIntegers(TOps.AddIntegers(p2, Product<TOps, TVec>(a, x2, 2 * Vector)), Product<TOps, TVec>(b, x2, 3 * Vector));
        TVec scales = TOps.Load(ref w, 4 * Vector);
        s0 = TOps.MultiplyAdd(TOps.ToFloats(p0), scales, s0);
        s1 = TOps.MultiplyAdd(TOps.ToFloats(p1), scales, s1);
        s2 = TOps.MultiplyAdd(TOps.ToFloats(p2), scales, s2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec OneByOne<TOps, TVec>(ref float w, short* x, TVec s)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec a = TOps.AddIntegers(Product<TOps, TVec>(TOps.Load(ref w, 0), x, 0), Product<TOps, TVec>(TOps.Load(ref w, Vector), x, Vector));
        TVec b = TOps.AddIntegers(
            Product<TOps, TVec>(TOps.Load(ref w, 2 * Vector), x, 2 * Vector), Product<TOps, TVec>(TOps.Load(ref w, 3 * Vector), x, 3 * Vector));
        return TOps.MultiplyAdd(TOps.ToFloats(TOps.AddIntegers(a, b)), TOps.Load(ref w, 4 * Vector), s);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Product<TOps, TVec>(TVec w, short* x, nuint i)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.MultiplyAddWords(w, TOps.Load(ref *(float*)x, i));
}
