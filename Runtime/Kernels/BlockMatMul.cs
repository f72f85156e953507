using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// A linear layer with quantised weights: as <see cref="MatMul{TWeights}"/>, on inputs of 16 bits. The number of tokens chooses the tile, never
/// a sum.
/// </summary>
/// <remarks>Arithmetic and error bound in docs/numerics.md, why it is this one in docs/decisions/0004-quantised-arithmetic.md.</remarks>
internal unsafe struct BlockMatMul<TBlock> : IRowJob, IKernel
    where TBlock : struct, IBlockType
{
    /// <summary>Weights, (OutDim, InDim).</summary>
    public byte* W;

    /// <summary>Bias, (OutDim), or null.</summary>
    public float* Bias;

    /// <summary>Input, (T, InDim).</summary>
    public QuantizedInput X;

    /// <summary>Scratch for unpacked weights, one panel per worker, (threads, PanelLength).</summary>
    public float* Panels;

    /// <summary>Floats from panel to panel.</summary>
    public nuint PanelLength;

    /// <summary>Output, (T, OutDim); holds x W^T + bias when there is a residual.</summary>
    public float* Y;

    /// <summary>What the output is added to, (T, OutDim), or null.</summary>
    public float* Residual;

    /// <summary>Applied to the output in place, or null.</summary>
    public delegate*<Span<float>, void> Activation;

    /// <summary>What the output is multiplied by, (T, OutDim), or null.</summary>
    public float* Factor;

    public int Tokens;
    public int InDim;
    public int OutDim;

    // More tokens than sequences are decoded together: a piece of a prompt, which may allocate.
    private const int PromptTokens = 64;

    // Words of inputs that stay in the second-level cache while all rows of a part pass by.
    private const nuint GroupWords = 192 * 1024;

    private int _first;
    private int _end;
    private int _worker;

    /// <summary>Runs the layer, cut by rows of weights.</summary>
    public readonly void Run(RowPartition partition) =>
        partition.Run(this, OutDim, grain: BlockTile.Rows, work: (long)OutDim * InDim * Tokens, isPrefill: Tokens >= PromptTokens);

    /// <inheritdoc/>
    public readonly void Run(int first, int end, int worker)
    {
        Simd.Run(Part(first, end, worker));
        for (int t = 0; t < Tokens; t++)
            Finish(t, first, end);
    }

    /// <summary>The same layer for outputs [first, end) only: a copy, since the job itself is shared by the workers.</summary>
    internal readonly BlockMatMul<TBlock> Part(int first, int end, int worker) => this with { _first = first, _end = end, _worker = worker };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        if (Tokens < BlockPanel.Tokens)
        {
            Stream<TOps, TVec>(0, Tokens);
            return;
        }
        int group = (int)nuint.Max(GroupWords / X.Stride / BlockPanel.Tokens * BlockPanel.Tokens, BlockPanel.Tokens);
        for (int t = 0; t < Tokens; t += group)
            Unpack<TOps, TVec>(t, Math.Min(t + group, Tokens));
    }

    // Weights once from memory for each of few tokens.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Stream<TOps, TVec>(int firstToken, int endToken)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint blocks = Blocks.Count((nuint)InDim), rowBytes = Blocks.RowBytes<TBlock>((nuint)InDim), outDim = (nuint)OutDim;
        int row = _first;
        for (; row + BlockTile.Rows <= _end; row += BlockTile.Rows)
        {
            for (int t = firstToken; t < endToken; t++)
                BlockTile.FourByOne<TOps, TVec, TBlock>(W + (nuint)row * rowBytes, blocks, X.Words + (nuint)t * X.Stride, Y + (nuint)t * outDim + row);
        }
        Edge<TOps, TVec>(row, firstToken, endToken);
    }

    // Weights unpacked once for a group of tokens.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Unpack<TOps, TVec>(int firstToken, int endToken)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint blocks = Blocks.Count((nuint)InDim), rowBytes = Blocks.RowBytes<TBlock>((nuint)InDim), outDim = (nuint)OutDim;
        float* panel = Panels + (nuint)_worker * PanelLength;
        int row = _first;
        for (; row + BlockTile.Rows <= _end; row += BlockTile.Rows)
        {
            BlockPanel.Fill<TOps, TVec, TBlock>(W + (nuint)row * rowBytes, blocks, panel);
            int t = firstToken;
            for (; t + BlockPanel.Tokens <= endToken; t += BlockPanel.Tokens)
                BlockPanel.FourByThree<TOps, TVec>(panel, X.Words + (nuint)t * X.Stride, X.Stride, Y + (nuint)t * outDim + row, outDim);
            for (; t < endToken; t++)
                BlockPanel.FourByOne<TOps, TVec>(panel, X.Words + (nuint)t * X.Stride, X.Stride, Y + (nuint)t * outDim + row);
        }
        Edge<TOps, TVec>(row, firstToken, endToken);
    }

    // Rows that fill no tile.
    private readonly void Edge<TOps, TVec>(int row, int firstToken, int endToken)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint blocks = Blocks.Count((nuint)InDim), rowBytes = Blocks.RowBytes<TBlock>((nuint)InDim), outDim = (nuint)OutDim;
        for (; row < _end; row++)
        {
            for (int t = firstToken; t < endToken; t++)
                Y[(nuint)t * outDim + (nuint)row] = BlockTile.OneByOne<TOps, TVec, TBlock>(W + (nuint)row * rowBytes, blocks, X.Words + (nuint)t * X.Stride);
        }
    }

    private readonly void Finish(int token, int first, int end)
    {
        nint offset = (nint)token * OutDim + first;
        var y = new Span<float>(Y + offset, end - first);
        Divide.Apply(y, X.Factors[token]);
        if (Bias != null)
            Add.Apply(new ReadOnlySpan<float>(Bias + first, end - first), y);
        if (Activation != null)
            Activation(y);
        if (Factor != null)
            Multiply.Apply(new ReadOnlySpan<float>(Factor + offset, end - first), y);
        if (Residual != null)
            Add.Apply(y, new Span<float>(Residual + offset, end - first));
    }
}
