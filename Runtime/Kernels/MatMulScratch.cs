namespace MyGpt.Runtime.Kernels;

/// <summary>The memory in which linear layers over many tokens lay their inputs and weights in the order of use.</summary>
internal readonly unsafe struct MatMulScratch(float* inputs, float* workers)
{
    /// <summary>Floats that one worker needs: a panel of weights, the lane sums of a block of tokens, and its outputs.</summary>
    public const int WorkerFloats = WeightPanel.Floats + SumFloats + OutputFloats;

    /// <summary>Most tiles of tokens in a block: their inputs, 384 wide, and their sums (462 KB) stay in a second-level cache of 512 KB; 512 tokens are two blocks.</summary>
    public const int BlockTiles = 86;

    private const int SumFloats = BlockTiles * (WeightPanel.Rows / PackedTile.Rows) * PackedTile.SumFloats;
    private const int OutputFloats = BlockTiles * PackedTile.Tokens * WeightPanel.Rows;

    private readonly float* _workers = workers;

    /// <summary>Inputs in tile order, <see cref="InputTiles.Floats"/> of the widest layer.</summary>
    public float* Inputs { get; } = inputs;

    /// <summary>A worker's panel of weights.</summary>
    public float* Panel(int worker) => _workers + (nint)worker * WorkerFloats;

    /// <summary>A worker's lane sums between two blocks of columns, (tiles of a block, row groups of a panel, 96).</summary>
    public float* Sums(int worker) => Panel(worker) + WeightPanel.Floats;

    /// <summary>A worker's outputs of one panel, (tokens of a block, rows of a panel).</summary>
    public float* Outputs(int worker) => Sums(worker) + SumFloats;
}
