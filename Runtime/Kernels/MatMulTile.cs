using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Tiles of outputs that share their loads. Every output is the same chain whichever tile computes it: lane j adds the products
/// of elements j, j + 8, j + 16 ... in order, then the lanes are added in one fixed tree.
/// </summary>
internal static unsafe class MatMulTile
{
    /// <summary>Rows of weights in the larger tiles.</summary>
    public const int Rows = 4;

    /// <summary>Tokens in the largest tile: 4 x 3 sums, 3 inputs and 1 weight are the 16 registers of AVX2.</summary>
    public const int Tokens = 3;

    private const int CacheLine = 64;

    // How far ahead of what it reads a decoded token asks for weights, unless four rows are longer: nearer, the L3 cache answers too late.
    private const int PrefetchBytes = 8 << 10;

    /// <summary>Four rows for three tokens.</summary>
    /// <param name="w">First of four rows, <paramref name="rowBytes"/> apart.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="x">First of three inputs, each (length).</param>
    /// <param name="xStride">Floats from input to input.</param>
    /// <param name="length">Input features.</param>
    /// <param name="y">First output of the first token; four outputs of a token are neighbours.</param>
    /// <param name="yStride">Floats from token to token.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByThree<TOps, TVec, TWeights>(byte* w, nuint rowBytes, float* x, nuint xStride, nuint length, float* y, nuint yStride)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        byte* w0 = w, w1 = w + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        float* x0 = x, x1 = x + xStride, x2 = x1 + xStride;
        TVec s00 = TOps.Broadcast(0f), s01 = s00, s02 = s00, s03 = s00;
        TVec s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        TVec s20 = s00, s21 = s00, s22 = s00, s23 = s00;
        nuint whole = length - length % Lanes.Count;
        for (nuint i = 0; i < whole; i += Lanes.Count)
        {
            TVec a0 = TOps.Load(ref *x0, i), a1 = TOps.Load(ref *x1, i), a2 = TOps.Load(ref *x2, i);
            TVec b = TWeights.Load<TOps, TVec>(w0, i);
            s00 = TOps.MultiplyAdd(b, a0, s00);
            s10 = TOps.MultiplyAdd(b, a1, s10);
            s20 = TOps.MultiplyAdd(b, a2, s20);
            b = TWeights.Load<TOps, TVec>(w1, i);
            s01 = TOps.MultiplyAdd(b, a0, s01);
            s11 = TOps.MultiplyAdd(b, a1, s11);
            s21 = TOps.MultiplyAdd(b, a2, s21);
            b = TWeights.Load<TOps, TVec>(w2, i);
            s02 = TOps.MultiplyAdd(b, a0, s02);
            s12 = TOps.MultiplyAdd(b, a1, s12);
            s22 = TOps.MultiplyAdd(b, a2, s22);
            b = TWeights.Load<TOps, TVec>(w3, i);
            s03 = TOps.MultiplyAdd(b, a0, s03);
            s13 = TOps.MultiplyAdd(b, a1, s13);
            s23 = TOps.MultiplyAdd(b, a2, s23);
        }
        if (whole < length)
        {
            TVec a0 = TOps.LoadTail(ref *x0, whole, length), a1 = TOps.LoadTail(ref *x1, whole, length), a2 = TOps.LoadTail(ref *x2, whole, length);
            TVec b = TWeights.LoadTail<TOps, TVec>(w0, whole, length);
            s00 = TOps.MultiplyAdd(b, a0, s00);
            s10 = TOps.MultiplyAdd(b, a1, s10);
            s20 = TOps.MultiplyAdd(b, a2, s20);
            b = TWeights.LoadTail<TOps, TVec>(w1, whole, length);
            s01 = TOps.MultiplyAdd(b, a0, s01);
            s11 = TOps.MultiplyAdd(b, a1, s11);
            s21 = TOps.MultiplyAdd(b, a2, s21);
            b = TWeights.LoadTail<TOps, TVec>(w2, whole, length);
            s02 = TOps.MultiplyAdd(b, a0, s02);
            s12 = TOps.MultiplyAdd(b, a1, s12);
            s22 = TOps.MultiplyAdd(b, a2, s22);
            b = TWeights.LoadTail<TOps, TVec>(w3, whole, length);
            s03 = TOps.MultiplyAdd(b, a0, s03);
            s13 = TOps.MultiplyAdd(b, a1, s13);
            s23 = TOps.MultiplyAdd(b, a2, s23);
        }
        TOps.StoreSums(s00, s01, s02, s03, ref *y);
        TOps.StoreSums(s10, s11, s12, s13, ref *(y + yStride));
        TOps.StoreSums(s20, s21, s22, s23, ref *(y + 2 * yStride));
    }

    /// <summary>Four rows for one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]   // the sums are added up while the next four rows are under way
    public static void FourByOne<TOps, TVec, TWeights>(byte* w, nuint rowBytes, float* x, nuint length, float* y)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        if (length % Lanes.Count != 0)
        {
            for (nuint row = 0; row < Rows; row++)   // a tail's masked loads are calls, which would keep the sums below out of registers
                y[row] = OneByOne<TOps, TVec, TWeights>(w + row * rowBytes, x, length);
            return;
        }
        byte* w0 = w, w1 = w + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        byte* ahead = w + nuint.Max(Rows * rowBytes, PrefetchBytes);
        TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0;
        for (nuint i = 0; i < length; i += Lanes.Count)
        {
            TVec a = TOps.Load(ref *x, i);
            s0 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w0, i), a, s0);
            s1 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w1, i), a, s1);
            s2 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w2, i), a, s2);
            s3 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w3, i), a, s3);
            Simd.Prefetch(ahead);
            if (TWeights.RowBytes(Rows * Lanes.Count) > CacheLine)
                Simd.Prefetch(ahead + CacheLine);
            ahead += TWeights.RowBytes(Rows * Lanes.Count);
        }
        TOps.StoreSums(s0, s1, s2, s3, ref *y);
    }

    /// <summary>One row for one token: what is left at the edges.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float OneByOne<TOps, TVec, TWeights>(byte* w, float* x, nuint length)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        TVec s = TOps.Broadcast(0f);
        nuint whole = length - length % Lanes.Count;
        for (nuint i = 0; i < whole; i += Lanes.Count)
            s = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(w, i), TOps.Load(ref *x, i), s);
        if (whole < length)
            s = TOps.MultiplyAdd(TWeights.LoadTail<TOps, TVec>(w, whole, length), TOps.LoadTail(ref *x, whole, length), s);
        return TOps.Sum(s);
    }
}
