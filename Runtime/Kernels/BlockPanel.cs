using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Two rows of quantised weights made ready for many tokens: bytes as words, scales as floats, in the order in which the tiles read them. The
/// same chains as <see cref="BlockTile"/>.
/// </summary>
/// <remarks>A step is two blocks of both rows; for each row four vectors of words, then one of scales.</remarks>
internal static unsafe class BlockPanel
{
    /// <summary>Rows of weights.</summary>
    public const int Rows = 2;

    /// <summary>Rows that are unpacked before any is used: at 3072 columns they take a quarter of a second-level cache of 1 MB.</summary>
    public const int UnpackedRows = 32;

    /// <summary>Tokens in the larger tile.</summary>
    public const int Tokens = 4;

    /// <summary>Tokens from which unpacking pays. Without it, 4 to 7 tokens take 0.71 to 0.93 of the time, and 8 up to 1.1 of it (docs/decisions/0004).</summary>
    public const int FewestTokens = 8;

    // In floats.
    private const nuint Vector = Lanes.Count, Row = 5 * Vector, Step = Rows * Row;

    /// <summary>Floats of memory that a panel takes: two rows.</summary>
    public static nuint Length(nuint columns) => QuantizedInput.StrideOf(columns) / QuantizedInput.PairLength * Step;

    /// <summary>Floats of memory for <see cref="UnpackedRows"/>.</summary>
    public static nuint MemoryOf(nuint columns) => Length(columns) * UnpackedRows / Rows;

    /// <summary>Unpacks two rows.</summary>
    /// <param name="w">First of two rows that follow each other.</param>
    /// <param name="blocks">Blocks of a row.</param>
    /// <param name="panel">Destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill<TOps, TVec, TBlock>(byte* w, nuint blocks, float* panel)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TBlock : struct, IBlockRows
    {
        TVec levels = TBlock.Levels<TOps, TVec>();
        for (int row = 0; row < Rows; row++)
        {
            byte* quants = w, scale = w + blocks * TBlock.QuantBytes;
            float* y = panel;
            for (nuint b = 0; b + 2 <= blocks; b += 2)
            {
                Store<TOps, TVec>(TBlock.Low<TOps, TVec>(quants, levels), TBlock.High<TOps, TVec>(quants, levels), TOps.LoadScales(scale), y);
                quants += 2 * TBlock.QuantBytes;
                scale += 2 * BlockLayout.ScaleBytes;
                y += Step;
            }
            if (blocks % 2 != 0)
                Store<TOps, TVec>(TBlock.LastLow<TOps, TVec>(quants, levels), TBlock.LastHigh<TOps, TVec>(quants, levels), TOps.LoadScale(scale), y);
            w += blocks * (TBlock.QuantBytes + BlockLayout.ScaleBytes);
            panel += Row;
        }
    }

    /// <summary>Two rows for four tokens.</summary>
    /// <param name="panel">The rows.</param>
    /// <param name="x">Words of the first of four inputs.</param>
    /// <param name="stride">Words from input to input.</param>
    /// <param name="y">First output of the first token; both outputs of a token are neighbours.</param>
    /// <param name="yStride">Floats from token to token.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoByFour<TOps, TVec>(float* panel, short* x, nuint stride, float* y, nuint yStride)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        short* x1 = x + stride, x2 = x1 + stride, x3 = x2 + stride;
        TVec s00 = TOps.Broadcast(0f), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;

        // Equal, but the compiler does not see that: else it would keep all 16 vectors of inputs for the second row, on the stack.
        nuint i = 0, again = 0;
        while (i < stride)
        {
            OneByFour<TOps, TVec>(ref *panel, x + i, x1 + i, x2 + i, x3 + i, ref s00, ref s10, ref s20, ref s30);
            OneByFour<TOps, TVec>(ref *(panel + Row), x + again, x1 + again, x2 + again, x3 + again, ref s01, ref s11, ref s21, ref s31);
            panel += Step;
            i += QuantizedInput.PairLength;
            again += QuantizedInput.PairLength;
        }
        double* pairs = stackalloc double[4];
        TOps.StoreSums(s00, s01, s10, s11, ref *(float*)pairs);
        TOps.StoreSums(s20, s21, s30, s31, ref *(float*)(pairs + 2));
        *(double*)y = pairs[0];
        *(double*)(y + yStride) = pairs[1];
        *(double*)(y + 2 * yStride) = pairs[2];
        *(double*)(y + 3 * yStride) = pairs[3];
    }

    /// <summary>Two rows for one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TwoByOne<TOps, TVec>(float* panel, short* x, nuint stride, float* y)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec s0 = TOps.Broadcast(0f), s1 = s0;
        for (short* end = x + stride; x < end; x += QuantizedInput.PairLength)
        {
            s0 = OneByOne<TOps, TVec>(ref *panel, x, s0);
            s1 = OneByOne<TOps, TVec>(ref *(panel + Row), x, s1);
            panel += Step;
        }
        y[0] = TOps.Sum(s0);
        y[1] = TOps.Sum(s1);
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

    // A vector of weights at a time and four integer sums: with the eight sums of the tile and a product, 14 registers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OneByFour<TOps, TVec>(
        ref float w, short* x0, short* x1, short* x2, short* x3, ref TVec s0, ref TVec s1, ref TVec s2, ref TVec s3)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec a = TOps.Load(ref w, 0);
        TVec p0 = Product<TOps, TVec>(a, x0, 0), p1 = Product<TOps, TVec>(a, x1, 0), p2 = Product<TOps, TVec>(a, x2, 0), p3 = Product<TOps, TVec>(a, x3, 0);
        a = TOps.Load(ref w, Vector);
        p0 = TOps.AddIntegers(p0, Product<TOps, TVec>(a, x0, Vector));
        p1 = TOps.AddIntegers(p1, Product<TOps, TVec>(a, x1, Vector));
        p2 = TOps.AddIntegers(p2, Product<TOps, TVec>(a, x2, Vector));
        p3 = TOps.AddIntegers(p3, Product<TOps, TVec>(a, x3, Vector));
        a = TOps.Load(ref w, 2 * Vector);
        p0 = TOps.AddIntegers(p0, Product<TOps, TVec>(a, x0, 2 * Vector));
        p1 = TOps.AddIntegers(p1, Product<TOps, TVec>(a, x1, 2 * Vector));
        p2 = TOps.AddIntegers(p2, Product<TOps, TVec>(a, x2, 2 * Vector));
        p3 = TOps.AddIntegers(p3, Product<TOps, TVec>(a, x3, 2 * Vector));
        a = TOps.Load(ref w, 3 * Vector);
        p0 = TOps.AddIntegers(p0, Product<TOps, TVec>(a, x0, 3 * Vector));
        p1 = TOps.AddIntegers(p1, Product<TOps, TVec>(a, x1, 3 * Vector));
        p2 = TOps.AddIntegers(p2, Product<TOps, TVec>(a, x2, 3 * Vector));
        p3 = TOps.AddIntegers(p3, Product<TOps, TVec>(a, x3, 3 * Vector));
        TVec d = TOps.Load(ref w, 4 * Vector);
        s0 = TOps.MultiplyAdd(TOps.ToFloats(p0), d, s0);
        s1 = TOps.MultiplyAdd(TOps.ToFloats(p1), d, s1);
        s2 = TOps.MultiplyAdd(TOps.ToFloats(p2), d, s2);
        s3 = TOps.MultiplyAdd(TOps.ToFloats(p3), d, s3);
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
