using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Inputs copied into the order in which <see cref="BatchTile"/> reads them, (tiles, steps of 8 columns, 4 tokens, 8). Missing tokens and columns
/// are zero.
/// </summary>
internal unsafe struct BatchInputs : IRowJob, IKernel
{
    /// <summary>Inputs, (T, InDim).</summary>
    public float* X;

    /// <summary>Destination, <see cref="BatchScratch.InputFloats"/> of as many tokens.</summary>
    public float* Packed;

    public int Tokens;
    public int InDim;

    private int _first;
    private int _end;

    /// <summary>Tiles that a number of tokens fill.</summary>
    public static int Count(int tokens) => (tokens + BatchTile.Tokens - 1) / BatchTile.Tokens;

    /// <summary>Floats from tile to tile.</summary>
    public static nint TileFloats(int inDim) => (nint)PackedTile.Steps(inDim) * BatchTile.Tokens * Lanes.Count;

    /// <summary>Copies all tokens.</summary>
    public readonly void Run(RowPartition partition) =>
        partition.Run(this, Count(Tokens), grain: 1, work: (long)Tokens * InDim);

    /// <inheritdoc/>
    public readonly void Run(int first, int end, int worker) => Simd.Run(Part(first, end));

    /// <summary>Copies tiles [first, end) only.</summary>
    internal readonly BatchInputs Part(int first, int end) => this with { _first = first, _end = end };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint length = (nuint)InDim, whole = length - length % Lanes.Count;
        for (int token = _first * BatchTile.Tokens; token < _end * BatchTile.Tokens; token++)
        {
            float* x = X + (nint)token * InDim, y = Packed + token / BatchTile.Tokens * TileFloats(InDim) + token % BatchTile.Tokens * Lanes.Count;
            bool exists = token < Tokens;
            for (nuint i = 0; i < whole; i += Lanes.Count, y += BatchTile.Tokens * Lanes.Count)
                TOps.Store(exists ? TOps.Load(ref *x, i) : TOps.Broadcast(0f), ref *y, 0);
            if (whole < length)
                TOps.Store(exists ? TOps.LoadTail(ref *x, whole, length) : TOps.Broadcast(0f), ref *y, 0);
        }
    }
}
