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
    where TBlock : struct, IBlockRows
{
    /// <summary>Weights, (OutDim, InDim).</summary>
    public byte* W;

    /// <summary>Input, (T, InDim).</summary>
    public QuantizedInput X;

    /// <summary>Scratch for unpacked weights, or for the sums of a single token's rows: some panels per worker, (threads, PanelLength).</summary>
    public float* Panels;

    /// <summary>Floats of a worker's panels.</summary>
    public nuint PanelLength;

    /// <summary>Output, (T, OutDim); holds x W^T + bias when there is a residual.</summary>
    public float* Y;

    /// <summary>What is done with each output.</summary>
    public Epilogue Epilogue;

    public int Tokens;
    public int InDim;
    public int OutDim;

    private int _first;
    private int _end;
    private int _worker;

    /// <summary>Runs the layer, cut by rows of weights.</summary>
    public readonly void Run(RowPartition partition) =>
        partition.Run(this, OutDim, grain: BlockTile.Rows, work: (long)OutDim * InDim * Tokens);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        int row = _first;
        if (Tokens == 1)
        {
            float* sums = Panels + (nuint)_worker * PanelLength;
            row = BlockStreams.Run<TOps, TVec, TBlock>(W, BlockLayout.Count((nuint)InDim), X.Words, sums, Y, row, _end);
        }
        else if (Tokens < BlockPanel.FewestTokens)
        {
            for (; row + BlockTile.Rows <= _end; row += BlockTile.Rows)
                Stream<TOps, TVec>(row);
        }
        else
        {
            for (int rows; row + BlockPanel.Rows <= _end; row += rows)
            {
                rows = Math.Min(_end - row, BlockPanel.UnpackedRows) / BlockPanel.Rows * BlockPanel.Rows;
                Unpack<TOps, TVec>(row, rows);
            }
        }
        for (; row < _end; row++)
            Edge<TOps, TVec>(row);
    }

    // Weights once from memory for each of few tokens.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Stream<TOps, TVec>(int row)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint blocks = BlockLayout.Count((nuint)InDim), rowBytes = BlockLayout.RowBytes<TBlock>((nuint)InDim), outDim = (nuint)OutDim;
        for (nuint t = 0; t < (nuint)Tokens; t++)
            BlockTile.FourByOne<TOps, TVec, TBlock>(W + (nuint)row * rowBytes, blocks, X.Words + t * X.Stride, Y + t * outDim + row);
    }

    // Weights unpacked once for all tokens: a few inputs at a time stay in the first-level cache while the panels pass by.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Unpack<TOps, TVec>(int first, int rows)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint columns = (nuint)InDim, blocks = BlockLayout.Count(columns), rowBytes = BlockLayout.RowBytes<TBlock>(columns), outDim = (nuint)OutDim;
        nuint length = BlockPanel.Length(columns);
        float* panels = Panels + (nuint)_worker * PanelLength, end = panels + (nuint)(rows / BlockPanel.Rows) * length, y = Y + first;
        byte* w = W + (nuint)first * rowBytes;
        for (float* panel = panels; panel < end; panel += length)
        {
            BlockPanel.Fill<TOps, TVec, TBlock>(w, blocks, panel);
            w += BlockPanel.Rows * rowBytes;
        }
        short* x = X.Words;
        int t = 0;
        for (; t + BlockPanel.Tokens <= Tokens; t += BlockPanel.Tokens)
        {
            float* outputs = y;
            for (float* panel = panels; panel < end; panel += length)
            {
                BlockPanel.TwoByFour<TOps, TVec>(panel, x, X.Stride, outputs, outDim);
                outputs += BlockPanel.Rows;
            }
            x += BlockPanel.Tokens * X.Stride;
            y += BlockPanel.Tokens * outDim;
        }
        for (; t < Tokens; t++)
        {
            float* outputs = y;
            for (float* panel = panels; panel < end; panel += length)
            {
                BlockPanel.TwoByOne<TOps, TVec>(panel, x, X.Stride, outputs);
                outputs += BlockPanel.Rows;
            }
            x += X.Stride;
            y += outDim;
        }
    }

    // A row that fills no tile.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Edge<TOps, TVec>(int row)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint blocks = BlockLayout.Count((nuint)InDim), rowBytes = BlockLayout.RowBytes<TBlock>((nuint)InDim), outDim = (nuint)OutDim;
        for (nuint t = 0; t < (nuint)Tokens; t++)
            Y[t * outDim + (nuint)row] = BlockTile.OneByOne<TOps, TVec, TBlock>(W + (nuint)row * rowBytes, blocks, X.Words + t * X.Stride);
    }

    private readonly void Finish(int token, int first, int end)
    {
        nint offset = (nint)token * OutDim + first;
        var y = new Span<float>(Y + offset, end - first);
        Divide.Apply(y, X.Factors[token]);
        Epilogue.Apply(y, first, offset);
    }
}
