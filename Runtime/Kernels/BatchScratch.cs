namespace MyGpt.Runtime.Kernels;

/// <summary>The memory of a linear layer over a batch: its inputs in the order of use, and lanes of sums that wait for the next columns.</summary>
/// <param name="inputs">Inputs, <see cref="InputFloats"/> of the widest layer.</param>
/// <param name="workers">Memory of the workers, (threads, <see cref="WorkerFloats"/>).</param>
internal readonly unsafe struct BatchScratch(float* inputs, float* workers)
{
    /// <summary>Most tokens of a batch: with more, laying out weights costs less than it saves.</summary>
    public const int MostTokens = 31;

    /// <summary>Tiles of rows that a worker computes at a time: twelve rows, which are whole fours of outputs.</summary>
    public const int Groups = 4;

    /// <summary>Floats that one worker needs: the lanes of twelve rows' sums, for every tile of tokens.</summary>
    public const int WorkerFloats = (MostTokens + BatchTile.Tokens - 1) / BatchTile.Tokens * Groups * BatchTile.SumFloats;

    private readonly float* _workers = workers;

    /// <summary>Inputs, (tiles, steps of 8 columns, 4 tokens, 8).</summary>
    public float* Inputs { get; } = inputs;

    /// <summary>Floats of a number of tokens' inputs.</summary>
    public static long InputFloats(int tokens, int inDim) => BatchInputs.Count(tokens) * (long)BatchInputs.TileFloats(inDim);

    /// <summary>A worker's lanes, (tiles of tokens, groups, 3 rows, 4 tokens, 8).</summary>
    public float* Sums(int worker) => _workers + (nint)worker * WorkerFloats;
}
