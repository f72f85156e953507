using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Four rows for three tokens, both packed in the order of use: 4 x 3 sums, 3 inputs and 1 weight are the 16 registers of AVX2. The chains are those of
/// <see cref="MatMulTile"/>; between two blocks of columns the lanes lie in memory, unreduced.
/// </summary>
internal static unsafe class PackedTile
{
    /// <summary>Rows of weights.</summary>
    public const int Rows = 4;

    /// <summary>Tokens.</summary>
    public const int Tokens = 3;

    /// <summary>Floats of the lanes of all sums.</summary>
    public const int SumFloats = Rows * Tokens * Lanes.Count;

    /// <summary>Steps of eight columns.</summary>
    public static int Steps(int columns) => (columns + Lanes.Count - 1) / Lanes.Count;

    /// <summary>Adds the products of a block of columns.</summary>
    /// <param name="w">Weights, (steps, 4, 8).</param>
    /// <param name="x">Inputs, (steps, 3, 8).</param>
    /// <param name="steps">Steps of eight columns.</param>
    /// <param name="next">Inputs that will be read soon, (steps, 3, 8): they are asked for.</param>
    /// <param name="sums">Lanes of the sums, (3, 4, 8): read unless these are the first columns, written unless they are the last.</param>
    /// <param name="isFirst">Whether these are the first columns.</param>
    /// <param name="isLast">Whether these are the last columns.</param>
    /// <param name="y">Outputs, written after the last columns: four neighbours for each token.</param>
    /// <param name="yStride">Floats from token to token.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<TOps, TVec>(float* w, float* x, nuint steps, float* next, float* sums, bool isFirst, bool isLast, float* y, nuint yStride)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
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
        for (float* end = w + steps * Rows * Lanes.Count; w != end; w += Rows * Lanes.Count)
        {
            Simd.Prefetch((byte*)next);
            Simd.Prefetch((byte*)(next + 16));
            TVec a0 = TOps.Load(ref *x, 0), a1 = TOps.Load(ref *x, 8), a2 = TOps.Load(ref *x, 16);
            TVec b = TOps.Load(ref *w, 0);
            s00 = TOps.MultiplyAdd(b, a0, s00);
            s10 = TOps.MultiplyAdd(b, a1, s10);
            s20 = TOps.MultiplyAdd(b, a2, s20);
            b = TOps.Load(ref *w, 8);
            s01 = TOps.MultiplyAdd(b, a0, s01);
            s11 = TOps.MultiplyAdd(b, a1, s11);
            s21 = TOps.MultiplyAdd(b, a2, s21);
            b = TOps.Load(ref *w, 16);
            s02 = TOps.MultiplyAdd(b, a0, s02);
            s12 = TOps.MultiplyAdd(b, a1, s12);
            s22 = TOps.MultiplyAdd(b, a2, s22);
            b = TOps.Load(ref *w, 24);
            s03 = TOps.MultiplyAdd(b, a0, s03);
            s13 = TOps.MultiplyAdd(b, a1, s13);
            s23 = TOps.MultiplyAdd(b, a2, s23);
            x += Tokens * Lanes.Count;
            next += Tokens * Lanes.Count;
        }
        if (isLast)
        {
            TOps.StoreSums(s00, s01, s02, s03, ref *y);
            TOps.StoreSums(s10, s11, s12, s13, ref *(y + yStride));
            TOps.StoreSums(s20, s21, s22, s23, ref *(y + 2 * yStride));
            return;
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
