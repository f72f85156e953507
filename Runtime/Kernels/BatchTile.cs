using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Three rows, read where they lie, for four tokens: 3 x 4 sums, 3 weights and 1 input are the 16 registers of AVX2. The chains are those of
/// <see cref="MatMulTile"/>; from block to block of columns the lanes wait in memory, not yet added up.
/// </summary>
internal static unsafe class BatchTile
{
    /// <summary>Rows of weights.</summary>
    public const int Rows = 3;

    /// <summary>Tokens.</summary>
    public const int Tokens = 4;

    /// <summary>Floats of the lanes of all sums.</summary>
    public const int SumFloats = Rows * Tokens * Lanes.Count;

    /// <summary>Adds the products of a block of columns.</summary>
    /// <param name="w">The block in the first row.</param>
    /// <param name="apart">Bytes from row to row.</param>
    /// <param name="x">Inputs, (steps, 4, 8).</param>
    /// <param name="steps">Steps of eight columns.</param>
    /// <param name="sums">Lanes of the sums, (3, 4, 8): read unless these are the first columns.</param>
    /// <param name="isFirst">Whether these are the first columns.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<TOps, TVec, TWeights>(byte* w, nuint apart, float* x, nuint steps, float* sums, bool isFirst)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        TVec s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23;
        if (isFirst)
        {
            s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = s20 = s21 = s22 = s23 = TOps.Broadcast(0f);
        }
        else
        {
            s00 = TOps.Load(ref *sums, 0);
            s01 = TOps.Load(ref *sums, 8);
            s02 = TOps.Load(ref *sums, 16);
            s03 = TOps.Load(ref *sums, 24);
            s10 = TOps.Load(ref *sums, 32);
            s11 = TOps.Load(ref *sums, 40);
            s12 = TOps.Load(ref *sums, 48);
            s13 = TOps.Load(ref *sums, 56);
            s20 = TOps.Load(ref *sums, 64);
            s21 = TOps.Load(ref *sums, 72);
            s22 = TOps.Load(ref *sums, 80);
            s23 = TOps.Load(ref *sums, 88);
        }
        byte* w1 = w + apart, w2 = w1 + apart;
        nuint end = steps * Lanes.Count;
        for (nuint i = 0; i < end; i += Lanes.Count)
        {
            TVec b0 = TWeights.Load<TOps, TVec>(w, i), b1 = TWeights.Load<TOps, TVec>(w1, i), b2 = TWeights.Load<TOps, TVec>(w2, i);
            TVec a = TOps.Load(ref *x, 0);
            s00 = TOps.MultiplyAdd(b0, a, s00);
            s10 = TOps.MultiplyAdd(b1, a, s10);
            s20 = TOps.MultiplyAdd(b2, a, s20);
            a = TOps.Load(ref *x, 8);
            s01 = TOps.MultiplyAdd(b0, a, s01);
            s11 = TOps.MultiplyAdd(b1, a, s11);
            s21 = TOps.MultiplyAdd(b2, a, s21);
            a = TOps.Load(ref *x, 16);
            s02 = TOps.MultiplyAdd(b0, a, s02);
            s12 = TOps.MultiplyAdd(b1, a, s12);
            s22 = TOps.MultiplyAdd(b2, a, s22);
            a = TOps.Load(ref *x, 24);
            s03 = TOps.MultiplyAdd(b0, a, s03);
            s13 = TOps.MultiplyAdd(b1, a, s13);
            s23 = TOps.MultiplyAdd(b2, a, s23);
            x += Tokens * Lanes.Count;
        }
        TOps.Store(s00, ref *sums, 0);
        TOps.Store(s01, ref *sums, 8);
        TOps.Store(s02, ref *sums, 16);
        TOps.Store(s03, ref *sums, 24);
        TOps.Store(s10, ref *sums, 32);
        TOps.Store(s11, ref *sums, 40);
        TOps.Store(s12, ref *sums, 48);
        TOps.Store(s13, ref *sums, 56);
        TOps.Store(s20, ref *sums, 64);
        TOps.Store(s21, ref *sums, 72);
        TOps.Store(s22, ref *sums, 80);
        TOps.Store(s23, ref *sums, 88);
    }
}
