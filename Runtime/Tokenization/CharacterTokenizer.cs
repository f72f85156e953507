using System.Buffers;
using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>One token per character (Unicode code point), as nanoGPT's and myGPT's character models have it.</summary>
/// <remarks>A token without text is allowed: an id that stands for the beginning of a text, or that no character has.</remarks>
internal sealed class CharacterTokenizer : TableTokenizer
{
    private const int MaxUtf8Length = 4;

    private readonly TokenIndex _index;

    /// <exception cref="TokenizerDataException">A token that is not special is more than one character, or two are the same.</exception>
    public CharacterTokenizer(TokenTable tokens, SpecialTokenTable specials)
        : base(tokens, specials)
    {
        for (int id = 0; id < tokens.Count; id++)
        {
            ReadOnlySpan<byte> token = tokens[id];
            if (token.IsEmpty || specials.IsSpecial(id))
                continue;
            if (Rune.DecodeFromUtf8(token, out _, out int length) != OperationStatus.Done || length != token.Length)
                throw new TokenizerDataException($"token {id} is {Quotation.Of(token)}, one character in UTF-8 needed");
        }
        _index = new TokenIndex(tokens, specials);
    }

    protected override void EncodeOrdinary(ReadOnlySpan<char> text, int start, int end, List<int> ids)
    {
        Span<byte> utf8 = stackalloc byte[MaxUtf8Length];
        int length;
        for (int at = start; at < end; at += length)
        {
            Rune.DecodeFromUtf16(text[at..end], out Rune rune, out length);
            int id = _index.Find(utf8[..rune.EncodeToUtf8(utf8)]);
            if (id < 0)
                throw Unknown(rune, text[..at]);
            ids.Add(id);
        }
    }

    private static UnknownTextException Unknown(Rune rune, ReadOnlySpan<char> before)
    {
        int position = 0;
        foreach (Rune _ in before.EnumerateRunes())
            position++;
        return new UnknownTextException(
            $"the vocabulary has no character {Quotation.Of(rune)}, found at character {position} of the text (counted from 0)");
    }
}
