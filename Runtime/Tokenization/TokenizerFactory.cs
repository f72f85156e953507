namespace MyGpt.Runtime.Tokenization;

/// <summary>Makes tokenizers from the tables that weights.bin holds.</summary>
public static class TokenizerFactory
{
    /// <summary>Checks all tables and puts a tokenizer on top of them.</summary>
    /// <param name="data">Tables from any source; they are treated as hostile, and used in place as long as the tokenizer lives.</param>
    /// <exception cref="TokenizerDataException">The tables contradict themselves or are of no use for this kind of tokenizer.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The kind is none of <see cref="TokenizerKind"/>.</exception>
    public static ITokenizer Create(TokenizerData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (!Enum.IsDefined(data.Kind))
            throw new ArgumentOutOfRangeException(nameof(data), data.Kind, "Not a kind of tokenizer.");

        var tokens = new TokenTable(data);
        var specials = new SpecialTokenTable(data, tokens);
        if (data.Kind is TokenizerKind.Characters or TokenizerKind.Words && !data.Merges.IsEmpty)
            throw new TokenizerDataException($"merges: {data.Merges.Length} bytes found, none needed for {data.Kind}");

        return data.Kind switch
        {
            TokenizerKind.Gpt2Bpe => new Gpt2Tokenizer(tokens, specials, new MergeTable(data, tokens)),
            TokenizerKind.Characters => new CharacterTokenizer(tokens, specials),
            TokenizerKind.Words => new WordTokenizer(tokens, specials),
            TokenizerKind.MyGptBpe => new MyGptBpeTokenizer(tokens, specials, new MergeSequence(data, tokens)),
        };
    }
}
