using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rows of a linear layer for a single token: reading them is all the work, so their lengths choose the order in which memory is read. Sums as
/// in <see cref="MatMulTile"/>.
/// </summary>
internal static unsafe class DecodeTile
{
    /// <summary>
    /// Most bytes of short rows that most likely lie in the second-level cache. Whatever comes from further away is read in streams: rows of 384 bytes,
    /// from the L3 cache, three times as fast.
    /// </summary>
    public const int MostNarrowBytes = 64 << 10;

    private const int LongestNarrowRow = 512;

    /// <summary>Computes outputs [first, end), as many as fill whole tiles.</summary>
    /// <param name="w">Weights, (out, length).</param>
    /// <param name="x">Input, (length).</param>
    /// <param name="length">Input features.</param>
    /// <param name="y">Outputs, (out).</param>
    /// <param name="first">First output.</param>
    /// <param name="end">One past the last output.</param>
    /// <returns>The first output that is left: <paramref name="first"/> where rows have a tail.</returns>
    public static int Run<TOps, TVec, TWeights>(byte* w, float* x, nuint length, float* y, int first, int end)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        if (length % Lanes.Count != 0)
            return first;
        nuint rowBytes = TWeights.RowBytes(length);
        return rowBytes <= LongestNarrowRow && (nuint)(end - first) * rowBytes <= MostNarrowBytes
            ? NarrowTile.Run<TOps, TVec, TWeights>(w, x, length, y, first, end)
            : DecodeStreams.Run<TOps, TVec, TWeights>(w, x, length, y, first, end);
    }
}
