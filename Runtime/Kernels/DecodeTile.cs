using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rows of a linear layer for a single token: reading them is all the work, so their lengths choose the order in which memory is read. Sums as
/// in <see cref="MatMulTile"/>.
/// </summary>
internal static unsafe class DecodeTile
{
    // Rows of 768 bytes are read 1.2 times as fast in streams, also from the L3 cache; of 384 bytes, from that cache, 0.95 times.
    private const int LongestShortRow = 512;

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
        return TWeights.RowBytes(length) <= LongestShortRow
            ? NarrowTile.Run<TOps, TVec, TWeights>(w, x, length, y, first, end)
            : DecodeStreams.Run<TOps, TVec, TWeights>(w, x, length, y, first, end);
    }
}
