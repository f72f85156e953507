using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rows read where they lie, one token at a time: for two tokens, and for rows that other tiles leave, with tails or too few. Every output is the same chain
/// whichever tile computes it: lane j adds the products of elements j, j + 8, j + 16 ... in order, then the lanes are added in one fixed tree.
/// </summary>
internal static unsafe class MatMulTile
{
    /// <summary>Rows of weights in the larger tile.</summary>
    public const int Rows = 4;

    private const int CacheLine = 64;

    // How far ahead of what the first of two tokens reads it asks for weights, unless four rows are longer: nearer, the L3 cache answers too late.
    private const int PrefetchBytes = 8 << 10;

    /// <summary>Four rows for one token.</summary>
    /// <param name="w">First of four rows, <paramref name="rowBytes"/> apart.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="x">Input, (length).</param>
    /// <param name="length">Input features.</param>
    /// <param name="y">First of four outputs.</param>
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
