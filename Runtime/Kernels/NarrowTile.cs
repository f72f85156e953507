using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Eight narrow rows of a linear layer for a single token, four steps at a time and without asking ahead: a small part of such rows mostly belongs to a model
/// that lies in the second-level cache, where requests only cost slots. Sums as in <see cref="MatMulTile"/>.
/// </summary>
/// <remarks>Which parts, <see cref="DecodeTile"/> says; what it gives, docs/performance.md.</remarks>
internal static unsafe class NarrowTile
{
    private const int Rows = 8, Columns = 4 * Lanes.Count;

    /// <summary>Computes outputs [first, end), as many as fill whole tiles.</summary>
    /// <param name="w">Weights, (out, length).</param>
    /// <param name="x">Input, (length).</param>
    /// <param name="length">Input features, a multiple of 8.</param>
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
        nuint rowBytes = TWeights.RowBytes(length), stepBytes = TWeights.RowBytes(Columns), whole = length - length % Columns;
        int row = first;
        for (; row + Rows <= end; row += Rows)
        {
            byte* low = w + (nuint)row * rowBytes, high = low + 4 * rowBytes;
            TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
            for (nuint i = 0; i < whole; i += Columns)
            {
                Step<TOps, TVec, TWeights>(low, high, rowBytes, 0, TOps.Load(ref *x, i), ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
                Step<TOps, TVec, TWeights>(low, high, rowBytes, 8, TOps.Load(ref *x, i + 8), ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
                Step<TOps, TVec, TWeights>(low, high, rowBytes, 16, TOps.Load(ref *x, i + 16), ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
                Step<TOps, TVec, TWeights>(low, high, rowBytes, 24, TOps.Load(ref *x, i + 24), ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
                low += stepBytes;
                high += stepBytes;
            }
            for (nuint i = whole; i < length; i += Lanes.Count)
                Step<TOps, TVec, TWeights>(low, high, rowBytes, i - whole, TOps.Load(ref *x, i), ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            TOps.StoreSums(s0, s1, s2, s3, s4, s5, s6, s7, ref y[row]);
        }
        return row;
    }

    // Eight columns of eight rows, from two pointers and multiples of one stride: eight pointers would not fit the registers with what else there is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TOps, TVec, TWeights>(
        byte* low, byte* high, nuint rowBytes, nuint i, TVec a,
        ref TVec s0, ref TVec s1, ref TVec s2, ref TVec s3, ref TVec s4, ref TVec s5, ref TVec s6, ref TVec s7)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        nuint three = 3 * rowBytes;
        s0 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(low, i), a, s0);
        s1 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(low + rowBytes, i), a, s1);
        s2 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(low + 2 * rowBytes, i), a, s2);
        s3 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(low + three, i), a, s3);
        s4 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(high, i), a, s4);
        s5 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(high + rowBytes, i), a, s5);
        s6 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(high + 2 * rowBytes, i), a, s6);
        s7 = TOps.MultiplyAdd(TWeights.Load<TOps, TVec>(high + three, i), a, s7);
    }
}
