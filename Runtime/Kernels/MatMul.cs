using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// A linear layer over rows of tokens: y = f(x W^T + bias) * factor, or residual += x W^T + bias. One job for one or two tokens and for the last rows of a batch,
/// weights and inputs read where they lie: the number of tokens chooses the tile, never the order of a sum.
/// </summary>
/// <remarks>Pointers, because a job is handed to other threads; the buffers live as long as the session.</remarks>
internal unsafe struct MatMul<TWeights> : IRowJob, IKernel
    where TWeights : struct, IWeightType
{
    /// <summary>Weights, (OutDim, InDim).</summary>
    public byte* W;

    /// <summary>Input, (T, InDim).</summary>
    public float* X;

    /// <summary>Output, (T, OutDim); when there is a residual it is scratch.</summary>
    public float* Y;

    /// <summary>What is done with each output.</summary>
    public Epilogue Epilogue;

    public int Tokens;
    public int InDim;
    public int OutDim;

    private int _first;
    private int _end;

    /// <summary>Runs the layer, cut by rows of weights.</summary>
    public readonly void Run(RowPartition partition) =>
        partition.Run(this, OutDim, grain: MatMulTile.Rows, work: (long)OutDim * InDim * Tokens);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int first, int end, int worker)
    {
        Simd.Run(Part(first, end));
        for (int t = 0; t < Tokens; t++)
            Finish(t, first, end);
    }

    /// <summary>The same layer for outputs [first, end) only: a copy, since the job itself is shared by the workers.</summary>
    internal readonly MatMul<TWeights> Part(int first, int end) => this with { _first = first, _end = end };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint length = (nuint)InDim, rowBytes = TWeights.RowBytes(length), outDim = (nuint)OutDim;
        int row = Tokens == 1 ? DecodeTile.Run<TOps, TVec, TWeights>(W, X, length, Y, _first, _end) : _first;
        for (; row + MatMulTile.Rows <= _end; row += MatMulTile.Rows)
        {
            byte* w = W + (nuint)row * rowBytes;
            for (int t = 0; t < Tokens; t++)
                MatMulTile.FourByOne<TOps, TVec, TWeights>(w, rowBytes, X + (nuint)t * length, length, Y + (nuint)t * outDim + row);
        }
        for (; row < _end; row++)
        {
            for (int t = 0; t < Tokens; t++)
                Y[(nuint)t * outDim + (nuint)row] = MatMulTile.OneByOne<TOps, TVec, TWeights>(W + (nuint)row * rowBytes, X + (nuint)t * length, length);
        }
    }

    /// <summary>What comes after the sums, for a token's outputs [first, end).</summary>
    internal readonly void Finish(int token, int first, int end)
    {
        nint offset = (nint)token * OutDim + first;
        var y = new Span<float>(Y + offset, end - first);
        Epilogue.Apply(y, first, offset);
    }
}
