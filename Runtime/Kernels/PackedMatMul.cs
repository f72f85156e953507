using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// A linear layer over many tokens: panels of eight rows of weights, widened once per block of tokens, meet inputs in tile order. The same sums as
/// <see cref="MatMul{TWeights}"/> forms, from memory that lies in the order of use.
/// </summary>
/// <param name="layer">What is computed.</param>
/// <param name="scratch">Where it is laid out; its inputs are packed.</param>
internal unsafe struct PackedMatMul<TWeights>(MatMul<TWeights> layer, MatMulScratch scratch) : IRowJob, IKernel
    where TWeights : struct, IWeightType
{
    private const int MaxSteps = WeightPanel.Columns / Lanes.Count;

    private readonly MatMul<TWeights> _layer = layer;
    private readonly MatMulScratch _scratch = scratch;
    private int _first;
    private int _end;
    private int _worker;

    /// <inheritdoc/>
    public readonly void Run(int first, int end, int worker) => Simd.Run(Part(first, end, worker));

    /// <summary>The same layer for outputs [first, end) only, by one worker.</summary>
    internal readonly PackedMatMul<TWeights> Part(int first, int end, int worker) => this with { _first = first, _end = end, _worker = worker };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        int tiles = InputTiles.Count(_layer.Tokens), blocks = (tiles + MatMulScratch.BlockTiles - 1) / MatMulScratch.BlockTiles;
        for (int block = 0; block < blocks; block++)
        {
            int first = (int)((long)tiles * block / blocks), end = (int)((long)tiles * (block + 1) / blocks);
            for (int row = _first; row < _end; row += WeightPanel.Rows)
            {
                int rows = Math.Min(WeightPanel.Rows, _end - row);
                Multiply<TOps, TVec>(row, rows, first, end);
                int token = first * PackedTile.Tokens;
                Finish<TOps, TVec>(row, rows, token, Math.Min(end * PackedTile.Tokens, _layer.Tokens) - token);
            }
        }
    }

    // One panel of rows for tiles [first, end), block of columns after block of columns.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Multiply<TOps, TVec>(int row, int rows, int first, int end)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        const int groups = WeightPanel.Rows / PackedTile.Rows;
        float* panel = _scratch.Panel(_worker), outputs = _scratch.Outputs(_worker);
        nuint rowBytes = TWeights.RowBytes((nuint)_layer.InDim);
        byte* w = _layer.W + (nuint)row * rowBytes;
        int steps = PackedTile.Steps(_layer.InDim), blocks = (steps + MaxSteps - 1) / MaxSteps;
        long tileFloats = InputTiles.TileFloats(_layer.InDim);
        for (int block = 0, step = 0; block < blocks; block++)
        {
            int stepEnd = (int)((long)steps * (block + 1) / blocks), count = stepEnd - step;
            WeightPanel.Widen<TOps, TVec, TWeights>(w, rowBytes, rows, Column(step), Column(stepEnd), panel);

            // What comes next: more columns, or the next rows.
            bool isLast = block == blocks - 1;
            var ahead = new PanelPrefetch(
                isLast ? w + (nuint)rows * rowBytes : w + TWeights.RowBytes(Column(stepEnd)),
                rowBytes,
                isLast ? Math.Min(WeightPanel.Rows, _end - row - rows) : rows,
                TWeights.RowBytes((nuint)(count * Lanes.Count)),
                end - first);
            float* x = _scratch.Inputs + first * tileFloats + (nint)step * PackedTile.Tokens * Lanes.Count, sums = _scratch.Sums(_worker);
            for (int tile = first; tile < end; tile++, x += tileFloats)
            {
                ahead.Next();
                float* y = outputs + (tile - first) * PackedTile.Tokens * WeightPanel.Rows;
                for (int group = 0; group < groups; group++, sums += PackedTile.SumFloats)
                {
                    float* weights = panel + group * count * PackedTile.Rows * Lanes.Count;
                    PackedTile.Run<TOps, TVec>(weights, x, (nuint)count, x + tileFloats, sums, block == 0, isLast, y + group * PackedTile.Rows, WeightPanel.Rows);
                }
            }
            step = stepEnd;
        }
    }

    // The last step may be a short one.
    private readonly nuint Column(int step) => (nuint)Math.Min(step * Lanes.Count, _layer.InDim);

    // Bias, activation, factor and residual while a panel's outputs, (tokens, 8), are in the cache.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Finish<TOps, TVec>(int row, int rows, int token, int tokens)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        float* outputs = _scratch.Outputs(_worker);
        if (_layer.Epilogue.Bias != null)
        {
            TVec bias = Load<TOps, TVec>(_layer.Epilogue.Bias, (nuint)row, (nuint)(row + rows));
            for (int t = 0; t < tokens; t++)
                TOps.Store(TOps.Add(TOps.Load(ref *outputs, (nuint)t * WeightPanel.Rows), bias), ref *outputs, (nuint)t * WeightPanel.Rows);
        }
        if (_layer.Epilogue.Activation != null)
            _layer.Epilogue.Activation(new Span<float>(outputs, tokens * WeightPanel.Rows));
        float* destination = _layer.Epilogue.Residual != null ? _layer.Epilogue.Residual : _layer.Y;
        for (int t = 0; t < tokens; t++)
        {
            nuint at = (nuint)(token + t) * (nuint)_layer.OutDim + (nuint)row, end = at + (nuint)rows;
            TVec y = TOps.Load(ref *outputs, (nuint)t * WeightPanel.Rows);
            if (_layer.Epilogue.Factor != null)
                y = TOps.Multiply(y, Load<TOps, TVec>(_layer.Epilogue.Factor, at, end));
            if (_layer.Epilogue.Residual != null)
                y = TOps.Add(Load<TOps, TVec>(_layer.Epilogue.Residual, at, end), y);
            if (rows == Lanes.Count)
                TOps.Store(y, ref *destination, at);
            else
                TOps.StoreTail(y, ref *destination, at, end);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec Load<TOps, TVec>(float* source, nuint start, nuint end)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => end - start == Lanes.Count ? TOps.Load(ref *source, start) : TOps.LoadTail(ref *source, start, end);
}
