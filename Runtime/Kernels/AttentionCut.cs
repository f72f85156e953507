namespace MyGpt.Runtime.Kernels;

/// <summary>Attention's work cut into blocks: a few tokens, and heads that share their keys and values.</summary>
internal readonly struct AttentionCut
{
    // Queries of four heads read a page while it is in the first-level cache; more would only need more scratch memory.
    private const int MaxHeads = 4;

    private readonly int _tokens, _queriesPerKey, _headsPerBlock, _tokensPerBlock, _headGroups, _tokenBlocks;

    /// <summary>Cuts the work of a call.</summary>
    /// <param name="tokens">T.</param>
    /// <param name="headCount">NH.</param>
    /// <param name="kvHeadCount">NKV.</param>
    /// <param name="rows">Queries that a block may have.</param>
    /// <param name="threads">Threads that share the blocks: a token's few heads are not put together when that would leave some without work.</param>
    public AttentionCut(int tokens, int headCount, int kvHeadCount, int rows, int threads)
    {
        _tokens = tokens;
        _queriesPerKey = headCount / kvHeadCount;
        int heads = Math.Min(Math.Min(_queriesPerKey, MaxHeads), rows);
        _tokensPerBlock = Math.Min(rows / heads, AttentionTile.Rows);
        _tokenBlocks = (tokens + _tokensPerBlock - 1) / _tokensPerBlock;
        _headsPerBlock = (long)kvHeadCount * _tokenBlocks < 2L * threads && threads > 1 ? 1 : heads;
        _headGroups = (_queriesPerKey + _headsPerBlock - 1) / _headsPerBlock;
        Blocks = checked(kvHeadCount * _headGroups * _tokenBlocks);
    }

    /// <summary>Number of blocks; neighbours have the same keys and values.</summary>
    public int Blocks { get; }

    /// <summary>One block.</summary>
    /// <param name="index">0 to <see cref="Blocks"/> - 1.</param>
    public AttentionPart Block(int index)
    {
        int group = index / _tokenBlocks, turn = index - group * _tokenBlocks;

        // Later tokens attend over more positions: first, last, second, last but one ... so that any stretch of blocks costs the same.
        int tokenBlock = turn % 2 == 0 ? turn / 2 : _tokenBlocks - 1 - turn / 2;
        int kvHead = group / _headGroups, headInGroup = (group - kvHead * _headGroups) * _headsPerBlock;
        return new AttentionPart(
            kvHead,
            FirstHead: kvHead * _queriesPerKey + headInGroup,
            Heads: Math.Min(_headsPerBlock, _queriesPerKey - headInGroup),
            FirstToken: tokenBlock * _tokensPerBlock,
            EndToken: Math.Min((tokenBlock + 1) * _tokensPerBlock, _tokens));
    }
}

/// <summary>Tokens [FirstToken, EndToken) of a call and heads [FirstHead, FirstHead + Heads), which share the keys and values of one head.</summary>
internal readonly record struct AttentionPart(int KvHead, int FirstHead, int Heads, int FirstToken, int EndToken);
