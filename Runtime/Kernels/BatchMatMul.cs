using System.Diagnostics;
using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// A linear layer over a batch: too many tokens for memory to be all that counts, too few for laying out weights anew to pay. Rows are read where
/// they lie, twelve at a time, and a block of their columns stays in the first-level cache while all tokens pass by. The same sums as
/// <see cref="MatMul{TWeights}"/> forms.
/// </summary>
/// <param name="layer">What is computed.</param>
/// <param name="scratch">Where its inputs are laid out, and where sums wait.</param>
internal unsafe struct BatchMatMul<TWeights>(MatMul<TWeights> layer, BatchScratch scratch) : IRowJob, IKernel
    where TWeights : struct, IWeightType
{
    private const int Groups = BatchScratch.Groups, Rows = Groups * BatchTile.Rows;

    // Rows of one token's sums are so far apart.
    private const int RowFloats = BatchTile.Tokens * Lanes.Count;

    // Twelve rows of 1.5 KB and the inputs of a tile, 6 KB, are within a first-level cache of 32 KB.
    private const int MostSteps = 48;

    private readonly MatMul<TWeights> _layer = layer;
    private readonly BatchScratch _scratch = scratch;
    private int _first;
    private int _end;
    private int _worker;

    /// <summary>Lays out the inputs, then runs the layer, cut by rows of weights.</summary>
    public readonly void Run(RowPartition partition)
    {
        Debug.Assert(_layer.Tokens <= BatchScratch.MostTokens);
        new BatchInputs { X = _layer.X, Packed = _scratch.Inputs, Tokens = _layer.Tokens, InDim = _layer.InDim }.Run(partition);
        partition.Run(this, _layer.OutDim, grain: Rows, work: (long)_layer.OutDim * _layer.InDim * _layer.Tokens);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int first, int end, int worker)
    {
        Simd.Run(Part(first, end, worker));
        for (int t = 0; t < _layer.Tokens; t++)
            _layer.Finish(t, first, end);
    }

    /// <summary>The same layer for outputs [first, end) only, by one worker, its inputs laid out.</summary>
    internal readonly BatchMatMul<TWeights> Part(int first, int end, int worker) => this with { _first = first, _end = end, _worker = worker };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        float* sums = _scratch.Sums(_worker);
        int row = _first;
        for (; row + Rows <= _end; row += Rows)
        {
            Multiply<TOps, TVec>(row, sums);
            if (_layer.InDim % Lanes.Count != 0)
                AddTail<TOps, TVec>(row, sums);
            Store<TOps, TVec>(row, sums);
        }
        if (row < _end)
            _layer.Part(row, _end).Run<TOps, TVec>();
    }

    // Twelve rows for all tokens, block of columns after block of columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Multiply<TOps, TVec>(int row, float* sums)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint rowBytes = TWeights.RowBytes((nuint)_layer.InDim);
        byte* w = _layer.W + (nuint)row * rowBytes;
        nint tileFloats = BatchInputs.TileFloats(_layer.InDim);
        int tiles = BatchInputs.Count(_layer.Tokens), steps = _layer.InDim / Lanes.Count, blocks = Math.Max(1, (steps + MostSteps - 1) / MostSteps);
        var ahead = new PanelPrefetch(w + Rows * rowBytes, (nuint)Math.Min(Rows, _end - row - Rows) * rowBytes, (nuint)(blocks * tiles * Groups));
        for (int block = 0, step = 0; block < blocks; block++)
        {
            int end = (int)((long)steps * (block + 1) / blocks);
            byte* columns = w + TWeights.RowBytes((nuint)(step * Lanes.Count));
            float* x = _scratch.Inputs + (nint)step * RowFloats, lanes = sums;
            for (int tile = 0; tile < tiles; tile++, x += tileFloats)
            {
                for (nuint group = 0; group < Groups; group++, lanes += BatchTile.SumFloats)
                {
                    ahead.Next();
                    BatchTile.Run<TOps, TVec, TWeights>(columns + group * BatchTile.Rows * rowBytes, rowBytes, x, (nuint)(end - step), lanes, block == 0);
                }
            }
            step = end;
        }
    }

    // Adds the products of the last columns where they are fewer than eight: inputs beyond them are zeros.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void AddTail<TOps, TVec>(int row, float* sums)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint length = (nuint)_layer.InDim, whole = length - length % Lanes.Count, rowBytes = TWeights.RowBytes(length);
        for (int tile = 0; tile < BatchInputs.Count(_layer.Tokens); tile++)
        {
            float* x = _scratch.Inputs + tile * BatchInputs.TileFloats(_layer.InDim) + (nint)whole * BatchTile.Tokens;
            byte* w = _layer.W + (nuint)row * rowBytes;
            for (int r = 0; r < Rows; r++, w += rowBytes)
            {
                TVec b = TWeights.LoadTail<TOps, TVec>(w, whole, length);
                for (nuint i = 0; i < RowFloats; i += Lanes.Count, sums += Lanes.Count)
                    TOps.Store(TOps.MultiplyAdd(b, TOps.Load(ref *x, i), TOps.Load(ref *sums, 0)), ref *sums, 0);
            }
        }
    }

    // Adds up the lanes, four rows of a token at a time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Store<TOps, TVec>(int row, float* sums)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        float* y = _layer.Y + row;
        for (int t = 0; t < _layer.Tokens; t++, y += _layer.OutDim)
        {
            float* lanes = sums + t / BatchTile.Tokens * (Groups * BatchTile.SumFloats) + t % BatchTile.Tokens * Lanes.Count;
            for (int r = 0; r < Rows; r += 4, lanes += 4 * RowFloats)
            {
                TOps.StoreSums(
                    TOps.Load(ref *lanes, 0), TOps.Load(ref *lanes, RowFloats), TOps.Load(ref *lanes, 2 * RowFloats), TOps.Load(ref *lanes, 3 * RowFloats),
                    ref *(y + r));
            }
        }
    }
}
