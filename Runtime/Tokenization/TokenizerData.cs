namespace MyGpt.Runtime.Tokenization;

/// <summary>Which tokenizer a model uses.</summary>
public enum TokenizerKind
{
    /// <summary>GPT-2's byte-level BPE.</summary>
    Gpt2Bpe,

    /// <summary>One token per character (code point).</summary>
    Characters,

    /// <summary>Words between white space, joined by one space.</summary>
    Words,

    /// <summary>myGPT's BPE: characters, and merges that are applied to the whole text one after the other.</summary>
    MyGptBpe,
}

/// <summary>
/// A tokenizer as weights.bin stores it: its kind and its tables, used in place. Two are equal when their kinds and the contents of all tables are.
/// </summary>
public sealed record TokenizerData
{
    /// <summary>Which tokenizer reads the tables.</summary>
    public required TokenizerKind Kind { get; init; }

    /// <summary>Number of tokens.</summary>
    public required int TokenCount { get; init; }

    /// <summary>Where each token begins in <see cref="TokenBytes"/>: uint32 little-endian, (TokenCount + 1).</summary>
    public required ReadOnlyMemory<byte> TokenOffsets { get; init; }

    /// <summary>The UTF-8 bytes of all tokens in id order, end to end.</summary>
    public required ReadOnlyMemory<byte> TokenBytes { get; init; }

    /// <summary>
    /// BPE merges (left id, right id, merged id), uint32 little-endian: of GPT-2 sorted by (left, right), of myGPT in the order in which
    /// they are applied; empty for other kinds.
    /// </summary>
    public ReadOnlyMemory<byte> Merges { get; init; }

    /// <summary>Special tokens and their ids.</summary>
    public IReadOnlyDictionary<string, int> SpecialTokens { get; init; } = new Dictionary<string, int>();

    /// <summary>Whether both are of one kind with the same tables: only then is every text the same tokens to both.</summary>
    public bool Equals(TokenizerData? other) =>
        other is not null && Kind == other.Kind && TokenCount == other.TokenCount
        && TokenOffsets.Span.SequenceEqual(other.TokenOffsets.Span)
        && TokenBytes.Span.SequenceEqual(other.TokenBytes.Span)
        && Merges.Span.SequenceEqual(other.Merges.Span)
        && SpecialTokens.Count == other.SpecialTokens.Count
        && SpecialTokens.All(token => other.SpecialTokens.TryGetValue(token.Key, out int id) && id == token.Value);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Kind);
        hash.Add(TokenCount);
        hash.AddBytes(TokenBytes.Span);
        return hash.ToHashCode();
    }
}
