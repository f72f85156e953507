namespace MyGpt.Checkpoints.Families;

/// <summary>
/// What a family calls the parts of a GPT. Each is a list of alternatives, names of modules without <c>.weight</c> and <c>.bias</c>; of
/// the parts of a block also without the block's own name. An empty list: the family's models do not have the part.
/// </summary>
internal sealed record GptNames
{
    /// <summary>Put before every name but perhaps the head's; removed where it is.</summary>
    public string Prefix { get; init; } = "";

    public required string[] TokenEmbedding { get; init; }

    /// <summary>Empty for models with rotary positions.</summary>
    public string[] PositionEmbedding { get; init; } = [];

    /// <summary>Whether a model without <see cref="PositionEmbedding"/> is one with rotary positions, rather than one that lacks a tensor.</summary>
    public bool PositionsMayBeRotary { get; init; }

    public string[] EmbeddingNorm { get; init; } = [];

    /// <summary>What stands before the number of a block: <c>h.</c> for <c>h.0.</c>, <c>h.1.</c>, ...</summary>
    public required string[] Blocks { get; init; }

    public string[] AttentionNorm { get; init; } = [];

    /// <summary>Query, key and value in one matrix, their rows in this order.</summary>
    public string[] FusedQkv { get; init; } = [];

    public string[] Query { get; init; } = [];

    public string[] Key { get; init; } = [];

    public string[] Value { get; init; } = [];

    /// <summary>Lists of single heads, <c>sa.heads</c> for <c>sa.heads.0.query</c>: their parts have the names in <see cref="HeadParts"/>.</summary>
    public string[] HeadLists { get; init; } = [];

    /// <summary>Query, key and value of a single head.</summary>
    public (string Query, string Key, string Value) HeadParts { get; init; } = ("query", "key", "value");

    public required string[] Projection { get; init; }

    public string[] MlpNorm { get; init; } = [];

    /// <summary>MLPs of three matrices, tried before <see cref="MlpUp"/> and <see cref="MlpDown"/>.</summary>
    public GatedMlpNames[] GatedMlps { get; init; } = [];

    public required string[] MlpUp { get; init; }

    public required string[] MlpDown { get; init; }

    public string[] FinalNorm { get; init; } = [];

    /// <summary>Whether a model may be without <see cref="FinalNorm"/>, rather than lack a tensor.</summary>
    public bool FinalNormMayBeAbsent { get; init; }

    /// <summary>Absent, or equal to the token embedding, when the head is tied.</summary>
    public string[] Head { get; init; } = [];

    /// <summary>What a state dict without <see cref="Head"/> means.</summary>
    public AbsentHead AbsentHead { get; init; }

    /// <summary>Whether the matrices of blocks are stored (in, out), as Hugging Face's Conv1D has them.</summary>
    public bool TransposedBlocks { get; init; }
}

/// <summary>What it means that a state dict has no head.</summary>
internal enum AbsentHead
{
    /// <summary>The family's code ties the head, and may save it once.</summary>
    IsTied,

    /// <summary>No code is known: what else the head could be is the token embedding, which is an assumption.</summary>
    MayBeTied,

    /// <summary>The family's code has a head of its own, which is missing.</summary>
    IsMissing,
}

/// <summary>The matrices of a gated MLP, down(f(gate x) * (up x)), within a block.</summary>
/// <param name="Gate">The matrix under the nonlinearity.</param>
/// <param name="Up">The other one of its shape.</param>
/// <param name="Down">The one that leads back to C.</param>
/// <param name="Convention">Whose order it is, where the names do not say which matrix is which; null where they do.</param>
internal sealed record GatedMlpNames(string Gate, string Up, string Down, string? Convention = null);
