using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>One token per character (Unicode code point), as nanoGPT's and myGPT's character models have it.</summary>
/// <remarks>A token without text is allowed: an id that stands for the beginning of a text, or that no character has.</remarks>
internal sealed class CharacterTokenizer : TableTokenizer
{
    private readonly CharacterIndex _characters;

    /// <exception cref="TokenizerDataException">A token that is not special is more than one character, or two are the same.</exception>
    public CharacterTokenizer(TokenTable tokens, SpecialTokenTable specials)
        : base(tokens, specials)
    {
        for (int id = 0; id < tokens.Count; id++)
        {
            ReadOnlySpan<byte> token = tokens[id];
            if (token.IsEmpty || specials.IsSpecial(id))
                continue;
            if (!CharacterIndex.IsCharacter(token))
                throw new TokenizerDataException($"token {id} is {Quotation.Of(token)}, one character in UTF-8 needed");
        }
        _characters = new CharacterIndex(tokens, specials);
    }

    protected override void EncodeOrdinary(ReadOnlySpan<char> text, int start, int end, UnknownText unknown, List<int> ids)
    {
        int length;
        for (int at = start; at < end; at += length)
        {
            Rune.DecodeFromUtf16(text[at..end], out Rune character, out length);
            int id = _characters.Find(character);
            if (id < 0)
                id = InPlaceOfUnknown(unknown) ?? throw CharacterIndex.Unknown(character, text[..at], unknown);
            if (id >= 0)
                ids.Add(id);
        }
    }
}
