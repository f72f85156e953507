namespace MyGpt.Checkpoints.Families;

/// <summary>
/// What a family calls the parts of a GPT. Each is a list of alternatives, without <c>.weight</c> and <c>.bias</c>; of the parts of a
/// block also without the block's own name.
/// </summary>
internal sealed record GptNames
{
    /// <summary>Put before every name but perhaps the head's; removed where it is.</summary>
    public string Prefix { get; init; } = "";

    public required string[] TokenEmbedding { get; init; }

    public required string[] PositionEmbedding { get; init; }

    /// <summary>The list of blocks: <c>h</c> for <c>h.0</c>, <c>h.1</c>, ...</summary>
    public required string[] Blocks { get; init; }

    public required string[] AttentionNorm { get; init; }

    /// <summary>Query, key and value in one matrix, their rows in this order.</summary>
    public string[] FusedQkv { get; init; } = [];

    public string[] Query { get; init; } = [];

    public string[] Key { get; init; } = [];

    public string[] Value { get; init; } = [];

    public required string[] Projection { get; init; }

    public required string[] MlpNorm { get; init; }

    public required string[] MlpUp { get; init; }

    public required string[] MlpDown { get; init; }

    public required string[] FinalNorm { get; init; }

    /// <summary>Absent, or equal to the token embedding, when the head is tied.</summary>
    public string[] Head { get; init; } = [];

    /// <summary>Whole names, within a block, of buffers that hold the causal mask: not weights.</summary>
    public string[] Masks { get; init; } = [];
}
