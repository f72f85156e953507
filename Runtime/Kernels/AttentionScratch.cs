namespace MyGpt.Runtime.Kernels;

/// <summary>The working memory of attention: scores of a few queries and their sums over one page, for each worker.</summary>
/// <param name="contextLength">T_max.</param>
/// <param name="headDim">HS.</param>
internal readonly struct AttentionScratch(int contextLength, int headDim)
{
    // A row of scores reaches over the whole context, so that softmax runs over it once. More rows than the blocks use, or than half of a
    // second-level cache holds, gain nothing; one row is always needed.
    private const int MaxRows = 24, MaxScores = 64 << 10;

    /// <summary>Floats from one query's scores to the next's: T_max rounded up to whole pages.</summary>
    public int Stride { get; } = (contextLength + KvPage.Positions - 1) / KvPage.Positions * KvPage.Positions;

    /// <summary>Queries that a worker can hold the scores of, 1 to 24.</summary>
    public int Rows => Math.Clamp(MaxScores / Stride, 1, MaxRows);

    /// <summary>Queries whose scores over a single page a worker can hold, 1 to 24.</summary>
    public int PageRows => (int)Math.Min((long)Rows * Stride / KvPage.Positions, MaxRows);

    /// <summary>Floats of one worker: scores (Rows, Stride), sums over a page (6, HS), totals of softmax (Rows).</summary>
    public long Length => (long)Rows * Stride + SumsLength + MaxRows;

    /// <summary>Where the sums over a page begin.</summary>
    public nuint Sums => (nuint)Rows * (nuint)Stride;

    /// <summary>Where the totals of softmax begin.</summary>
    public nuint Totals => Sums + (nuint)SumsLength;

    private long SumsLength => (long)AttentionTile.Rows * headDim;
}
