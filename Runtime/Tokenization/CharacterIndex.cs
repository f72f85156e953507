using System.Buffers;
using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>From a character to its token, for the vocabularies that begin with characters.</summary>
internal sealed class CharacterIndex
{
    private const int MaxUtf8Length = 4;

    private readonly TokenIndex _index;

    /// <exception cref="TokenizerDataException">Two tokens are the same character.</exception>
    public CharacterIndex(TokenTable tokens, SpecialTokenTable specials) =>
        _index = new TokenIndex(tokens, id => !specials.IsSpecial(id) && IsCharacter(tokens[id]));

    /// <summary>Whether a token's bytes are one character.</summary>
    public static bool IsCharacter(ReadOnlySpan<byte> token) =>
        Rune.DecodeFromUtf8(token, out _, out int length) == OperationStatus.Done && length == token.Length;

    /// <summary>The id of a character, or -1.</summary>
    public int Find(Rune character)
    {
        Span<byte> utf8 = stackalloc byte[MaxUtf8Length];
        return _index.Find(utf8[..character.EncodeToUtf8(utf8)]);
    }

    /// <summary>The error for a character without a token.</summary>
    /// <param name="character">The character.</param>
    /// <param name="before">The text before it.</param>
    /// <param name="unknown">What was asked for.</param>
    public static UnknownTextException Unknown(Rune character, ReadOnlySpan<char> before, UnknownText unknown)
    {
        int position = 0;
        foreach (Rune _ in before.EnumerateRunes())
            position++;
        return TableTokenizer.Unknown($"character {Quotation.Of(character)}, found at character {position}", unknown);
    }
}
