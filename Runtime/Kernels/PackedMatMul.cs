using System.Numerics;
using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// A linear layer over many tokens: panels of rows of weights, widened once for all tokens, meet inputs in tile order. The same sums as
/// <see cref="MatMul{TWeights}"/> forms, from memory that lies in the order of use.
/// </summary>
/// <param name="layer">What is computed.</param>
/// <param name="scratch">Where it is laid out.</param>
internal unsafe struct PackedMatMul<TWeights>(MatMul<TWeights> layer, MatMulScratch scratch) : IRowJob, IKernel
    where TWeights : struct, IWeightType
{
    private const nuint CacheLine = 64;

    private readonly MatMul<TWeights> _layer = layer;
    private readonly MatMulScratch _scratch = scratch;
    private int _first;
    private int _end;
    private int _worker;

    // Lanes in the order in which the tree of a sum joins them: ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
    private static ReadOnlySpan<byte> LaneOrder => [0, 4, 2, 6, 1, 5, 3, 7];

    /// <summary>Lays out the inputs, then runs the layer, cut by rows of weights.</summary>
    public readonly void Run(RowPartition partition)
    {
        new InputTiles { X = _layer.X, Packed = _scratch.Inputs, Tokens = _layer.Tokens, InDim = _layer.InDim }.Run(partition);
        partition.Run(this, _layer.OutDim, grain: WeightPanel.LeastRows, work: (long)_layer.OutDim * _layer.InDim * _layer.Tokens);
    }

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
        int tiles = InputTiles.Count(_layer.Tokens), most = WeightPanel.Rows(_layer.InDim);
        nuint rowBytes = TWeights.RowBytes((nuint)_layer.InDim);
        for (int row = _first; row < _end; row += most)
        {
            int rows = Math.Min(most, _end - row), next = Math.Min(most, _end - row - rows);
            byte* w = _layer.W + (nuint)row * rowBytes;
            WeightPanel.Widen<TOps, TVec, TWeights>(w, rowBytes, rows, _layer.InDim, _scratch.Panel(_worker));
            var ahead = new PanelPrefetch(w + (nuint)rows * rowBytes, (nuint)next * rowBytes, (nuint)(tiles * WeightPanel.Groups(rows) * Lanes.Count));
            for (int tile = 0; tile < tiles; tile++)
            {
                Ask(row, rows, tile * PackedTile.Tokens);
                Multiply<TOps, TVec>(rows, tile, ref ahead);
                Finish<TOps, TVec>(row, rows, tile * PackedTile.Tokens);
            }
        }
    }

    // A tile's outputs go to as many rows as it has tokens, far apart: their cache lines are asked for before the products are formed.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Ask(int row, int rows, int token)
    {
        float* destination = (_layer.Epilogue.Residual != null ? _layer.Epilogue.Residual : _layer.Y) + (nint)token * _layer.OutDim + row;
        for (int t = Math.Min(PackedTile.Tokens, _layer.Tokens - token); t > 0; t--, destination += _layer.OutDim)
        {
            for (nuint line = (nuint)destination / CacheLine * CacheLine; line < (nuint)(destination + rows); line += CacheLine)
                Simd.PrefetchFar((byte*)line);
        }
    }

    // One panel of rows for one tile of tokens, lane after lane.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Multiply<TOps, TVec>(int rows, int tile, ref PanelPrefetch ahead)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint steps = (nuint)PackedTile.Steps(_layer.InDim);
        nint lane = WeightPanel.LaneFloats(rows, _layer.InDim);
        float* panel = _scratch.Panel(_worker), x = _scratch.Inputs + tile * InputTiles.TileFloats(_layer.InDim), level = _scratch.Sums(_worker);
        int groups = WeightPanel.Groups(rows);
        for (int i = 0; i < Lanes.Count; i++)
        {
            // A binary counter of sums: what waits are the ones of i, and each carry joins two.
            int waiting = BitOperations.PopCount((uint)i), joined = BitOperations.TrailingZeroCount(~i);
            float* w = panel + LaneOrder[i] * lane, inputs = x + LaneOrder[i] * InputTiles.LaneFloats(_layer.InDim);
            float* sums = level + waiting * MatMulScratch.LevelFloats;
            int group = 0;
            if (_layer.Tokens - tile * PackedTile.Tokens <= Lanes.Count)
            {
                for (; group + 2 <= groups; group += 2)
                {
                    ahead.Next();
                    ahead.Next();
                    PackedTile.RunNarrow<TOps, TVec>(w, inputs, steps, sums, MatMulScratch.LevelFloats, joined);
                    w += 2 * steps * PackedTile.Rows;
                    sums += 2 * PackedTile.Outputs;
                }
            }
            for (; group < groups; group++)
            {
                ahead.Next();
                PackedTile.Run<TOps, TVec>(w, inputs, steps, sums, MatMulScratch.LevelFloats, joined);
                w += steps * PackedTile.Rows;
                sums += PackedTile.Outputs;
            }
        }
    }

    // Bias and activation as the outputs lie, (rows, 16); factor and residual when they have been turned, (16, rows).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Finish<TOps, TVec>(int row, int rows, int token)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        Epilogue epilogue = _layer.Epilogue;
        float* sums = _scratch.Sums(_worker), outputs = _scratch.Outputs(_worker);
        if (epilogue.Bias != null)
            AddBias<TOps, TVec>(epilogue.Bias + row, rows, sums);
        if (epilogue.Activation != null)
            epilogue.Activation(new Span<float>(sums, rows * PackedTile.Tokens));
        for (nuint r = 0; r < (nuint)rows; r += Lanes.Count)
        {
            for (nuint t = 0; t < PackedTile.Tokens; t += Lanes.Count)
            {
                nuint i = r * PackedTile.Tokens + t;
                TOps.StoreTransposed(
                    TOps.Load(ref *sums, i), TOps.Load(ref *sums, i + 16), TOps.Load(ref *sums, i + 32), TOps.Load(ref *sums, i + 48),
                    TOps.Load(ref *sums, i + 64), TOps.Load(ref *sums, i + 80), TOps.Load(ref *sums, i + 96), TOps.Load(ref *sums, i + 112),
                    ref *(outputs + t * WeightPanel.MostRows + r), WeightPanel.MostRows);
            }
        }
        int tokens = Math.Min(PackedTile.Tokens, _layer.Tokens - token);
        for (int t = 0; t < tokens; t++)
            Join<TOps, TVec>(epilogue, outputs + t * WeightPanel.MostRows, (nuint)(token + t) * (nuint)_layer.OutDim + (nuint)row, (nuint)rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddBias<TOps, TVec>(float* bias, int rows, float* sums)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        for (int r = 0; r < rows; r++, sums += PackedTile.Tokens)
        {
            TVec b = TOps.Broadcast(bias[r]);
            TOps.Store(TOps.Add(TOps.Load(ref *sums, 0), b), ref *sums, 0);
            TOps.Store(TOps.Add(TOps.Load(ref *sums, 8), b), ref *sums, 8);
        }
    }

    // A token's outputs, to where they belong.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Join<TOps, TVec>(Epilogue epilogue, float* outputs, nuint at, nuint rows)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        float* destination = epilogue.Residual != null ? epilogue.Residual : _layer.Y;
        nuint r = 0;
        for (; r + Lanes.Count <= rows; r += Lanes.Count)
        {
            TVec y = TOps.Load(ref *outputs, r);
            if (epilogue.Factor != null)
                y = TOps.Multiply(y, TOps.Load(ref *epilogue.Factor, at + r));
            if (epilogue.Residual != null)
                y = TOps.Add(TOps.Load(ref *destination, at + r), y);
            TOps.Store(y, ref *destination, at + r);
        }
        for (; r < rows; r++)
        {
            float y = outputs[r];
            if (epilogue.Factor != null)
                y *= epilogue.Factor[at + r];
            destination[at + r] = epilogue.Residual != null ? destination[at + r] + y : y;
        }
    }
}
