using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rows of a linear layer for a single token: reading them is all the work, so their lengths choose the order in which memory is read. Sums as
/// in <see cref="MatMulTile"/>.
/// </summary>
internal static unsafe class DecodeTile
{
    /// <summary>
    /// Most bytes of a part that the narrow tile reads: a part of one layer, whose size does not say where the model lies, but the larger it is the less
    /// likely in the second-level cache.
    /// </summary>
    /// <remarks>
    /// With the narrow tile for parts this small, myGPT's 207 k parameters decode 86.4 instead of 78.7 thousand tokens/s (bf16, one thread); rows of 384 bytes
    /// from the L3 cache, a head of 19 MB, are read three times as slowly by it as in streams.
    /// </remarks>
    public const int MostNarrowBytes = 64 << 10;

    /// <summary>Most bytes of a row that the narrow tile reads.</summary>
    public const int LongestNarrowRow = 512;

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
