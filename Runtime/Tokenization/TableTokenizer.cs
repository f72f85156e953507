namespace MyGpt.Runtime.Tokenization;

/// <summary>What the tokenizers share: a table of tokens, special tokens, and text that is ordinary between special ones.</summary>
internal abstract class TableTokenizer : ITokenizer
{
    private readonly SpecialTokenTable _specials;

    private protected TableTokenizer(TokenTable tokens, SpecialTokenTable specials)
    {
        Tokens = tokens;
        _specials = specials;
    }

    /// <inheritdoc/>
    public int VocabSize => Tokens.Count;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> SpecialTokens => _specials.Ids;

    /// <inheritdoc/>
    public virtual ReadOnlySpan<byte> Separator => [];

    /// <summary>The bytes of every token.</summary>
    protected TokenTable Tokens { get; }

    /// <inheritdoc/>
    public int[] Encode(ReadOnlySpan<char> text, bool allowSpecial = false)
    {
        List<int> ids = [];
        int start = 0;
        while (allowSpecial)
        {
            int ordinary = _specials.IndexIn(text[start..], out int length, out int id);
            if (ordinary < 0)
                break;
            EncodeOrdinary(text, start, start + ordinary, ids);
            ids.Add(id);
            start += ordinary + length;
        }
        EncodeOrdinary(text, start, text.Length, ids);
        return [.. ids];
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> TokenBytes(int id) => Tokens[id];

    /// <summary>Encodes a part of a text in which nothing is special.</summary>
    /// <param name="text">The whole text, for the position in an error message.</param>
    /// <param name="start">Where the part begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="ids">Takes the ids; holds those of the text before the part.</param>
    protected abstract void EncodeOrdinary(ReadOnlySpan<char> text, int start, int end, List<int> ids);
}
