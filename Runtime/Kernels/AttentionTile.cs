using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// The two products of attention, over one page of one head: c[r, n] = factor * sum over k of a[r, k] b[k, n]. For scores a row is a query, k runs along
/// the head and n along the positions; for the mix a row is a query's weights, k runs along the positions and n along the head. Every output
/// is one chain of fused multiply-adds in the order of k, whichever tile computes it.
/// </summary>
internal static unsafe class AttentionTile
{
    /// <summary>Rows of the larger tile: 6 x 2 sums, 2 vectors of b and one broadcast leave one of AVX2's 16 registers; 8 loads for 12 multiply-adds.</summary>
    public const int Rows = 6;

    /// <summary>Columns of the larger tile.</summary>
    public const int Columns = 2 * Lanes.Count;

    /// <summary>Heads of a token alone that are mixed together.</summary>
    public const int Heads = 4;

    private const int CacheLine = 64;

    /// <summary>Six rows, sixteen columns.</summary>
    /// <param name="a">First of six rows, (length) each.</param>
    /// <param name="aStride">Floats from row to row of a.</param>
    /// <param name="b">First of the columns, (length) rows.</param>
    /// <param name="bBytes">Bytes from row to row of b.</param>
    /// <param name="length">Steps of the chain.</param>
    /// <param name="factor">What each sum is multiplied by.</param>
    /// <param name="c">First of six rows of sixteen outputs.</param>
    /// <param name="cStride">Floats from row to row of c.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SixByTwo<TOps, TVec, TElement>(
        float* a, nuint aStride, byte* b, nuint bBytes, nuint length, float factor, float* c, nuint cStride)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
        TVec s00 = TOps.Broadcast(0f), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
        TVec s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
        for (nuint k = 0; k < length; k++)
        {
            TVec b0 = TElement.Load<TOps, TVec>(b, 0), b1 = TElement.Load<TOps, TVec>(b, Lanes.Count);
            b += bBytes;
            TVec x = TOps.Broadcast(a[k]);
            s00 = TOps.MultiplyAdd(x, b0, s00);
            s01 = TOps.MultiplyAdd(x, b1, s01);
            x = TOps.Broadcast(a1[k]);
            s10 = TOps.MultiplyAdd(x, b0, s10);
            s11 = TOps.MultiplyAdd(x, b1, s11);
            x = TOps.Broadcast(a2[k]);
            s20 = TOps.MultiplyAdd(x, b0, s20);
            s21 = TOps.MultiplyAdd(x, b1, s21);
            x = TOps.Broadcast(a3[k]);
            s30 = TOps.MultiplyAdd(x, b0, s30);
            s31 = TOps.MultiplyAdd(x, b1, s31);
            x = TOps.Broadcast(a4[k]);
            s40 = TOps.MultiplyAdd(x, b0, s40);
            s41 = TOps.MultiplyAdd(x, b1, s41);
            x = TOps.Broadcast(a5[k]);
            s50 = TOps.MultiplyAdd(x, b0, s50);
            s51 = TOps.MultiplyAdd(x, b1, s51);
        }
        TVec scale = TOps.Broadcast(factor);
        StorePair<TOps, TVec>(s00, s01, scale, c);
        StorePair<TOps, TVec>(s10, s11, scale, c += cStride);
        StorePair<TOps, TVec>(s20, s21, scale, c += cStride);
        StorePair<TOps, TVec>(s30, s31, scale, c += cStride);
        StorePair<TOps, TVec>(s40, s41, scale, c += cStride);
        StorePair<TOps, TVec>(s50, s51, scale, c + cStride);
    }

    /// <summary>Sixteen columns of four heads, each with a row and a b of its own.</summary>
    /// <param name="a">The first head's row, (length).</param>
    /// <param name="aStride">Floats from head to head of a.</param>
    /// <param name="b">First of the first head's columns, (length) rows.</param>
    /// <param name="bHead">Bytes from head to head of b.</param>
    /// <param name="bBytes">Bytes from row to row of b.</param>
    /// <param name="length">Steps of the chain.</param>
    /// <param name="c">The first head's outputs, (16).</param>
    /// <param name="cStride">Floats from head to head of c.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourHeads<TOps, TVec, TElement>(
        float* a, nuint aStride, byte* b, nuint bHead, nuint bBytes, nuint length, float* c, nuint cStride)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        float* a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
        byte* b1 = b + bHead, b2 = b1 + bHead, b3 = b2 + bHead;
        TVec s00 = TOps.Broadcast(0f), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
        for (nuint k = 0, at = 0; k < length; k++, at += bBytes)
        {
            TVec x = TOps.Broadcast(a[k]);
            s00 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b + at, 0), s00);
            s01 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b + at, Lanes.Count), s01);
            x = TOps.Broadcast(a1[k]);
            s10 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b1 + at, 0), s10);
            s11 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b1 + at, Lanes.Count), s11);
            x = TOps.Broadcast(a2[k]);
            s20 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b2 + at, 0), s20);
            s21 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b2 + at, Lanes.Count), s21);
            x = TOps.Broadcast(a3[k]);
            s30 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b3 + at, 0), s30);
            s31 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b3 + at, Lanes.Count), s31);
        }
        TVec one = TOps.Broadcast(1f);
        StorePair<TOps, TVec>(s00, s01, one, c);
        StorePair<TOps, TVec>(s10, s11, one, c += cStride);
        StorePair<TOps, TVec>(s20, s21, one, c += cStride);
        StorePair<TOps, TVec>(s30, s31, one, c + cStride);
    }

    /// <summary>One row, any number of columns.</summary>
    /// <param name="a">The row, (length).</param>
    /// <param name="b">First of the columns, (length) rows.</param>
    /// <param name="bBytes">Bytes from row to row of b.</param>
    /// <param name="length">Steps of the chain.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="factor">What each sum is multiplied by.</param>
    /// <param name="begun">Whether the chains go on from what c holds, else they begin with zero.</param>
    /// <param name="c">Outputs, (columns).</param>
    /// <param name="ahead">The b that will be read after this one, to ask for while this one is read.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OneRow<TOps, TVec, TElement>(
        float* a, byte* b, nuint bBytes, nuint length, nuint columns, float factor, bool begun, float* c, byte* ahead)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        nuint n = 0;
        for (; n + 8 * Lanes.Count <= columns; n += 8 * Lanes.Count)
            OneByEight<TOps, TVec, TElement>(a, b + TElement.RowBytes(n), bBytes, length, factor, begun, c + n, ahead + TElement.RowBytes(n));
        for (; n + 4 * Lanes.Count <= columns; n += 4 * Lanes.Count)
            OneByFour<TOps, TVec, TElement>(a, b + TElement.RowBytes(n), bBytes, length, factor, begun, c + n);
        for (; n + 2 * Lanes.Count <= columns; n += 2 * Lanes.Count)
            OneByTwo<TOps, TVec, TElement>(a, b + TElement.RowBytes(n), bBytes, length, factor, begun, c + n);
        for (; n + Lanes.Count <= columns; n += Lanes.Count)
            OneByOne<TOps, TVec, TElement>(a, b + TElement.RowBytes(n), bBytes, length, factor, begun, c + n);
        if (n < columns)
            OneByTail<TOps, TVec, TElement>(a, b, bBytes, length, n, columns, factor, begun, c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByEight<TOps, TVec, TElement>(
        float* a, byte* b, nuint bBytes, nuint length, float factor, bool begun, float* c, byte* ahead)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
        if (begun)
        {
            (s0, s1, s2, s3) = (TOps.Load(ref *c, 0), TOps.Load(ref *c, 8), TOps.Load(ref *c, 16), TOps.Load(ref *c, 24));
            (s4, s5, s6, s7) = (TOps.Load(ref *c, 32), TOps.Load(ref *c, 40), TOps.Load(ref *c, 48), TOps.Load(ref *c, 56));
        }
        for (nuint k = 0; k < length; k++)
        {
            TVec x = TOps.Broadcast(a[k]);
            s0 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 0), s0);
            s1 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 8), s1);
            s2 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 16), s2);
            s3 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 24), s3);
            s4 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 32), s4);
            s5 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 40), s5);
            s6 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 48), s6);
            s7 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 56), s7);
            b += bBytes;
            Simd.PrefetchFar(ahead);
            Simd.PrefetchFar(ahead + CacheLine);
            if (TElement.RowBytes(8 * Lanes.Count) > 2 * CacheLine)
            {
                Simd.PrefetchFar(ahead + 2 * CacheLine);
                Simd.PrefetchFar(ahead + 3 * CacheLine);
            }
            ahead += bBytes;
        }
        TVec scale = TOps.Broadcast(factor);
        StorePair<TOps, TVec>(s0, s1, scale, c);
        StorePair<TOps, TVec>(s2, s3, scale, c + 16);
        StorePair<TOps, TVec>(s4, s5, scale, c + 32);
        StorePair<TOps, TVec>(s6, s7, scale, c + 48);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByFour<TOps, TVec, TElement>(float* a, byte* b, nuint bBytes, nuint length, float factor, bool begun, float* c)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
        if (begun)
            (s0, s1, s2, s3) = (TOps.Load(ref *c, 0), TOps.Load(ref *c, 8), TOps.Load(ref *c, 16), TOps.Load(ref *c, 24));
        for (nuint k = 0; k < length; k++)
        {
            TVec x = TOps.Broadcast(a[k]);
            s0 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 0), s0);
            s1 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 8), s1);
            s2 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 16), s2);
            s3 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 24), s3);
            b += bBytes;
        }
        TVec scale = TOps.Broadcast(factor);
        StorePair<TOps, TVec>(s0, s1, scale, c);
        StorePair<TOps, TVec>(s2, s3, scale, c + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByTwo<TOps, TVec, TElement>(float* a, byte* b, nuint bBytes, nuint length, float factor, bool begun, float* c)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        TVec s0 = TOps.Broadcast(0f), s1 = s0;
        if (begun)
            (s0, s1) = (TOps.Load(ref *c, 0), TOps.Load(ref *c, 8));
        for (nuint k = 0; k < length; k++, b += bBytes)
        {
            TVec x = TOps.Broadcast(a[k]);
            s0 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 0), s0);
            s1 = TOps.MultiplyAdd(x, TElement.Load<TOps, TVec>(b, 8), s1);
        }
        StorePair<TOps, TVec>(s0, s1, TOps.Broadcast(factor), c);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByOne<TOps, TVec, TElement>(float* a, byte* b, nuint bBytes, nuint length, float factor, bool begun, float* c)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        TVec s = begun ? TOps.Load(ref *c, 0) : TOps.Broadcast(0f);
        for (nuint k = 0; k < length; k++, b += bBytes)
            s = TOps.MultiplyAdd(TOps.Broadcast(a[k]), TElement.Load<TOps, TVec>(b, 0), s);
        TOps.Store(TOps.Multiply(s, TOps.Broadcast(factor)), ref *c, 0);
    }

    // Columns [first, end), fewer than a vector: the last of a head of odd size.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneByTail<TOps, TVec, TElement>(
        float* a, byte* b, nuint bBytes, nuint length, nuint first, nuint end, float factor, bool begun, float* c)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TElement : struct, IWeightType
    {
        TVec s = begun ? TOps.LoadTail(ref *c, first, end) : TOps.Broadcast(0f);
        for (nuint k = 0; k < length; k++, b += bBytes)
            s = TOps.MultiplyAdd(TOps.Broadcast(a[k]), TElement.LoadTail<TOps, TVec>(b, first, end), s);
        TOps.StoreTail(TOps.Multiply(s, TOps.Broadcast(factor)), ref *c, first, end);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair<TOps, TVec>(TVec low, TVec high, TVec factor, float* c)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TOps.Store(TOps.Multiply(low, factor), ref *c, 0);
        TOps.Store(TOps.Multiply(high, factor), ref *c, Lanes.Count);
    }
}
