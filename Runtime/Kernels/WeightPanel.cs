using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// A block of weights widened to float32 in the order in which <see cref="PackedTile"/> reads it, (2 row groups, steps of 8 columns, 4 rows, 8).
/// It stays in the first-level cache while all tokens of a block pass by.
/// </summary>
internal static unsafe class WeightPanel
{
    /// <summary>Rows of a panel: two tiles, so that every input that comes from afar is used for eight rows.</summary>
    public const int Rows = 2 * PackedTile.Rows;

    /// <summary>Most columns of a panel: 12 KB of weights leave room for two tiles of inputs in a first-level cache of 32 KB.</summary>
    public const int Columns = 384;

    /// <summary>Floats of the largest panel.</summary>
    public const int Floats = Rows * Columns;

    /// <summary>Widens columns [first, end) of some rows.</summary>
    /// <param name="w">The first row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="rows">Rows there are, 1 to 8; the others become zero.</param>
    /// <param name="first">First column, a multiple of 8.</param>
    /// <param name="end">One past the last column.</param>
    /// <param name="panel">Destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<TOps, TVec, TWeights>(byte* w, nuint rowBytes, int rows, nuint first, nuint end, float* panel)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        nuint stride = PackedTile.Rows * Lanes.Count, groupFloats = (nuint)PackedTile.Steps((int)(end - first)) * stride;
        for (int r = 0; r < Rows; r++)
        {
            byte* row = w + (nuint)r * rowBytes;
            float* y = panel + (nuint)(r / PackedTile.Rows) * groupFloats + (nuint)(r % PackedTile.Rows) * Lanes.Count;
            nuint i = first;
            if (r < rows)
            {
                for (; i + Lanes.Count <= end; i += Lanes.Count, y += stride)
                    TOps.Store(TWeights.Load<TOps, TVec>(row, i), ref *y, 0);
                if (i < end)
                    TOps.Store(TWeights.LoadTail<TOps, TVec>(row, i, end), ref *y, 0);
                continue;
            }
            for (; i < end; i += Lanes.Count, y += stride)
                TOps.Store(TOps.Broadcast(0f), ref *y, 0);
        }
    }
}
