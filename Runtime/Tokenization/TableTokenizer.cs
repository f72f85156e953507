namespace MyGpt.Runtime.Tokenization;

/// <summary>What the tokenizers share: a table of tokens, special tokens, and text that is ordinary between special ones.</summary>
internal abstract class TableTokenizer : ITokenizer
{
    /// <summary>Stands for text that is left out; no id.</summary>
    protected const int LeftOut = -1;

    private readonly SpecialTokenTable _specials;
    private readonly Lazy<int?> _replacement; // found by the first text that needs it

    private protected TableTokenizer(TokenTable tokens, SpecialTokenTable specials)
    {
        Tokens = tokens;
        _specials = specials;
        _replacement = new Lazy<int?>(() => ReplacementToken.Find(Tokens, _specials));
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
    public int[] Encode(ReadOnlySpan<char> text, bool allowSpecial = false, UnknownText unknown = UnknownText.Error)
    {
        if (!Enum.IsDefined(unknown))
            throw new ArgumentOutOfRangeException(nameof(unknown), unknown, "Must be Error, Skip or Replace.");
        List<int> ids = [];
        int start = 0;
        while (allowSpecial)
        {
            int ordinary = _specials.IndexIn(text[start..], out int length, out int id);
            if (ordinary < 0)
                break;
            EncodeOrdinary(text, start, start + ordinary, unknown, ids);
            ids.Add(id);
            start += ordinary + length;
        }
        EncodeOrdinary(text, start, text.Length, unknown, ids);
        return [.. ids];
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> TokenBytes(int id) => Tokens[id];

    /// <summary>Encodes a part of a text in which nothing is special.</summary>
    /// <param name="text">The whole text, for the position in an error message.</param>
    /// <param name="start">Where the part begins.</param>
    /// <param name="end">Where it ends.</param>
    /// <param name="unknown">What to do with text that has no token.</param>
    /// <param name="ids">Takes the ids; holds those of the text before the part.</param>
    protected abstract void EncodeOrdinary(ReadOnlySpan<char> text, int start, int end, UnknownText unknown, List<int> ids);

    /// <summary>What takes the place of text without a token: an id, <see cref="LeftOut"/>, or null where it is an error.</summary>
    protected int? InPlaceOfUnknown(UnknownText unknown) => unknown switch
    {
        UnknownText.Error => null,
        UnknownText.Skip => LeftOut,
        UnknownText.Replace => _replacement.Value,
    };

    /// <summary>The error for text without a token.</summary>
    /// <param name="what">What it is and where it was found, such as <c>word 'x', found at word 3</c>.</param>
    /// <param name="unknown">What was asked for.</param>
    internal static UnknownTextException Unknown(string what, UnknownText unknown)
    {
        string noReplacement = unknown == UnknownText.Replace ? $", nor a token to replace it: {ReplacementToken.Choices} were looked for" : "";
        return new UnknownTextException($"the vocabulary has no {what} of the text (counted from 0){noReplacement}");
    }
}
