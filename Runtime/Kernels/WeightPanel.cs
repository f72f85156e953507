using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rows of weights widened to float32 in the order in which <see cref="PackedTile"/> reads them, (8 lanes, groups of 6 rows, steps of 8 columns,
/// 6 rows). It stays in the second-level cache while all tokens pass by.
/// </summary>
internal static unsafe class WeightPanel
{
    /// <summary>Most rows of a panel: the outputs of a token are then three whole cache lines.</summary>
    public const int MostRows = 48;

    /// <summary>Rows of a panel of long rows, and what panels begin at multiples of: whole groups, and whole vectors of outputs.</summary>
    public const int LeastRows = 24;

    // 288 KB of weights leave room for inputs in a second-level cache of 512 KB; inputs, which come from afar, serve more rows the more there are.
    private const int LongestOfMostRows = 1536;

    // Eight lanes of a group are stored eight rows wide: the two that are none stand where the next step begins, or here.
    private const int LaneGap = 16;

    private const int CacheLine = 64;

    /// <summary>Rows of a panel.</summary>
    public static int Rows(int columns) => columns <= LongestOfMostRows ? MostRows : LeastRows;

    /// <summary>Floats that panels of up to so many columns need.</summary>
    public static long Floats(int columns)
    {
        long steps = PackedTile.Steps(columns), most = PackedTile.Steps(LongestOfMostRows);
        long perLane = steps <= most ? steps * MostRows : Math.Max(most * MostRows, steps * LeastRows);
        return Lanes.Count * (perLane + LaneGap);
    }

    /// <summary>Groups that rows fill.</summary>
    public static int Groups(int rows) => (rows + PackedTile.Rows - 1) / PackedTile.Rows;

    /// <summary>Floats from lane to lane.</summary>
    public static nint LaneFloats(int rows, int columns) => (nint)Groups(rows) * PackedTile.Steps(columns) * PackedTile.Rows + LaneGap;

    /// <summary>Widens rows.</summary>
    /// <param name="w">The first row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="rows">Rows there are; what is missing in the last group becomes zero.</param>
    /// <param name="columns">Columns; what is missing in the last step becomes zero.</param>
    /// <param name="panel">Destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<TOps, TVec, TWeights>(byte* w, nuint rowBytes, int rows, int columns, float* panel)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType
    {
        nuint lane = (nuint)LaneFloats(rows, columns), end = (nuint)columns;
        TVec zero = TOps.Broadcast(0f);
        for (; rows > 0; rows -= PackedTile.Rows)
        {
            byte* w1 = w + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes, w4 = w3 + rowBytes, w5 = w4 + rowBytes;
            byte* next = w5 + rowBytes, ahead = next;
            nuint i = 0;
            if (rows >= PackedTile.Rows)
            {
                for (; i + Lanes.Count <= end; i += Lanes.Count, panel += PackedTile.Rows)
                {
                    // The next group, in the order of memory: the first panel of a part has not been asked for before.
                    Simd.PrefetchFar(ahead);
                    Simd.PrefetchFar(ahead + CacheLine);
                    if (TWeights.RowBytes(PackedTile.Rows * Lanes.Count) > 2 * CacheLine)
                        Simd.PrefetchFar(ahead + 2 * CacheLine);
                    ahead += TWeights.RowBytes(PackedTile.Rows * Lanes.Count);
                    TOps.StoreTransposed(
                        TWeights.Load<TOps, TVec>(w, i), TWeights.Load<TOps, TVec>(w1, i), TWeights.Load<TOps, TVec>(w2, i), TWeights.Load<TOps, TVec>(w3, i),
                        TWeights.Load<TOps, TVec>(w4, i), TWeights.Load<TOps, TVec>(w5, i), zero, zero, ref *panel, lane);
                }
            }
            for (; i < end; i += Lanes.Count, panel += PackedTile.Rows)
            {
                TOps.StoreTransposed(
                    Edge<TOps, TVec, TWeights>(w, rows > 0, i, end), Edge<TOps, TVec, TWeights>(w1, rows > 1, i, end), Edge<TOps, TVec, TWeights>(w2, rows > 2, i, end),
                    Edge<TOps, TVec, TWeights>(w3, rows > 3, i, end), Edge<TOps, TVec, TWeights>(w4, rows > 4, i, end), Edge<TOps, TVec, TWeights>(w5, rows > 5, i, end),
                    zero, zero, ref *panel, lane);
            }
            w = next;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static TVec Edge<TOps, TVec, TWeights>(byte* row, bool exists, nuint i, nuint end)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where TWeights : struct, IWeightType =>
        !exists ? TOps.Broadcast(0f) : end - i >= Lanes.Count ? TWeights.Load<TOps, TVec>(row, i) : TWeights.LoadTail<TOps, TVec>(row, i, end);
}
