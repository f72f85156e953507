using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Inputs copied into the order in which <see cref="PackedTile"/> reads them, (tiles, 8 lanes, steps of 8 columns, 16 tokens). Missing tokens and
/// columns are zero.
/// </summary>
internal unsafe struct InputTiles : IRowJob, IKernel
{
    // Lanes a power of two apart would fight for the same cache sets.
    private const int LaneGap = 16;

    /// <summary>Inputs, (T, InDim).</summary>
    public float* X;

    /// <summary>Destination, <see cref="Floats"/>.</summary>
    public float* Packed;

    public int Tokens;
    public int InDim;

    private int _first;
    private int _end;

    /// <summary>Tiles that a number of tokens fill.</summary>
    public static int Count(int tokens) => (tokens + PackedTile.Tokens - 1) / PackedTile.Tokens;

    /// <summary>Floats of a number of tokens.</summary>
    public static long Floats(int tokens, int inDim) => Count(tokens) * TileFloats(inDim);

    /// <summary>Floats from tile to tile.</summary>
    public static long TileFloats(int inDim) => Lanes.Count * LaneFloats(inDim);

    /// <summary>Floats from lane to lane.</summary>
    public static long LaneFloats(int inDim) => (long)PackedTile.Steps(inDim) * PackedTile.Tokens + LaneGap;

    /// <summary>Copies all tokens.</summary>
    public readonly void Run(RowPartition partition) =>
        partition.Run(this, Count(Tokens), grain: 1, work: (long)Tokens * InDim);

    /// <inheritdoc/>
    public readonly void Run(int first, int end, int worker) => Simd.Run(this with { _first = first, _end = end });

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        for (int tile = _first; tile < _end; tile++)
        {
            for (int t = 0; t < PackedTile.Tokens; t += Lanes.Count)
            {
                int token = tile * PackedTile.Tokens + t;
                Turn<TOps, TVec>(X + (nint)token * InDim, Math.Min(Tokens - token, Lanes.Count), Packed + tile * TileFloats(InDim) + t);
            }
        }
    }

    // Eight tokens, or fewer.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Turn<TOps, TVec>(float* x, int tokens, float* y)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint length = (nuint)InDim, lane = (nuint)LaneFloats(InDim), i = 0;
        float* x1 = x + length, x2 = x1 + length, x3 = x2 + length, x4 = x3 + length, x5 = x4 + length, x6 = x5 + length, x7 = x6 + length;
        if (tokens == Lanes.Count)
        {
            for (; i + Lanes.Count <= length; i += Lanes.Count, y += PackedTile.Tokens)
            {
                TOps.StoreTransposed(
                    TOps.Load(ref *x, i), TOps.Load(ref *x1, i), TOps.Load(ref *x2, i), TOps.Load(ref *x3, i),
                    TOps.Load(ref *x4, i), TOps.Load(ref *x5, i), TOps.Load(ref *x6, i), TOps.Load(ref *x7, i), ref *y, lane);
            }
        }
        for (; i < length; i += Lanes.Count, y += PackedTile.Tokens)
        {
            TOps.StoreTransposed(
                Edge<TOps, TVec>(x, tokens > 0, i, length), Edge<TOps, TVec>(x1, tokens > 1, i, length), Edge<TOps, TVec>(x2, tokens > 2, i, length),
                Edge<TOps, TVec>(x3, tokens > 3, i, length), Edge<TOps, TVec>(x4, tokens > 4, i, length), Edge<TOps, TVec>(x5, tokens > 5, i, length),
                Edge<TOps, TVec>(x6, tokens > 6, i, length), Edge<TOps, TVec>(x7, tokens > 7, i, length), ref *y, lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static TVec Edge<TOps, TVec>(float* x, bool exists, nuint i, nuint length)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct =>
        !exists ? TOps.Broadcast(0f) : length - i >= Lanes.Count ? TOps.Load(ref *x, i) : TOps.LoadTail(ref *x, i, length);
}
