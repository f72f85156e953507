using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Inputs copied into the order in which <see cref="PackedTile"/> reads them, (tiles, steps of 8 columns, 3 tokens, 8): one stream, where rows a power
/// of two apart would fight for the same cache sets. Missing tokens and columns are zero.
/// </summary>
internal unsafe struct InputTiles : IRowJob, IKernel
{
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
    public static long TileFloats(int inDim) => (long)PackedTile.Steps(inDim) * PackedTile.Tokens * Lanes.Count;

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
        nuint length = (nuint)InDim, stride = PackedTile.Tokens * Lanes.Count;
        for (int tile = _first; tile < _end; tile++)
        {
            for (int t = 0; t < PackedTile.Tokens; t++)
            {
                int token = tile * PackedTile.Tokens + t;
                float* x = X + (nint)token * InDim;
                float* y = Packed + tile * TileFloats(InDim) + t * Lanes.Count;
                nuint i = 0;
                if (token < Tokens)
                {
                    for (; i + Lanes.Count <= length; i += Lanes.Count, y += stride)
                        TOps.Store(TOps.Load(ref *x, i), ref *y, 0);
                    if (i < length)
                        TOps.Store(TOps.LoadTail(ref *x, i, length), ref *y, 0);
                    continue;
                }
                for (; i < length; i += Lanes.Count, y += stride)
                    TOps.Store(TOps.Broadcast(0f), ref *y, 0);
            }
        }
    }
}
