namespace MyGpt.Runtime.Kernels;

/// <summary>The memory in which linear layers over many tokens lay their inputs and weights in the order of use.</summary>
/// <param name="inputs">Inputs in tile order, <see cref="InputTiles.Floats"/> of the widest layer.</param>
/// <param name="workers">Memory of the workers, (threads, <paramref name="workerFloats"/>).</param>
/// <param name="workerFloats"><see cref="WorkerFloats"/> of the widest layer.</param>
internal readonly unsafe struct MatMulScratch(float* inputs, float* workers, long workerFloats)
{
    /// <summary>Floats from one level of waiting sums to the next.</summary>
    public const int LevelFloats = WeightPanel.MostRows * PackedTile.Tokens;

    // Of eight lanes, at most three sums wait to be joined.
    private const int Levels = 3;

    private readonly float* _workers = workers;
    private readonly long _workerFloats = workerFloats;

    /// <summary>Inputs in tile order.</summary>
    public float* Inputs { get; } = inputs;

    /// <summary>Floats that one worker needs: outputs of a panel for one tile of tokens twice, the first with waiting sums, and the panel.</summary>
    /// <param name="inDim">Inputs of the widest layer.</param>
    public static long WorkerFloats(int inDim) => (Levels + 1) * LevelFloats + WeightPanel.Floats(inDim);

    /// <summary>A worker's sums, (levels, rows of a panel, 16 tokens); the lowest level becomes the outputs.</summary>
    public float* Sums(int worker) => _workers + worker * _workerFloats;

    /// <summary>A worker's outputs, a row for each token.</summary>
    public float* Outputs(int worker) => Sums(worker) + Levels * LevelFloats;

    /// <summary>A worker's panel of weights.</summary>
    public float* Panel(int worker) => Outputs(worker) + LevelFloats;
}
