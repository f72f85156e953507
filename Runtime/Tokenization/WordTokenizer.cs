using System.Text;
using System.Text.Unicode;

namespace MyGpt.Runtime.Tokenization;

/// <summary>One token per word: text is split at what Python takes for white space and put back together with one space.</summary>
internal sealed class WordTokenizer : TableTokenizer
{
    private readonly TokenIndex _index;

    /// <exception cref="TokenizerDataException">A word is not UTF-8, or two are the same.</exception>
    public WordTokenizer(TokenTable tokens, SpecialTokenTable specials)
        : base(tokens, specials)
    {
        for (int id = 0; id < tokens.Count; id++)
        {
            if (!Utf8.IsValid(tokens[id]))
                throw new TokenizerDataException($"token {id} is {Convert.ToHexString(tokens[id][..Math.Min(tokens[id].Length, 32)])}, UTF-8 needed");
        }
        _index = new TokenIndex(tokens, id => !specials.IsSpecial(id));
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Separator => " "u8;

    protected override void EncodeOrdinary(ReadOnlySpan<char> text, int start, int end, UnknownText unknown, List<int> ids)
    {
        byte[] utf8 = [];
        while (start < end)
        {
            if (PythonWhiteSpace.Contains(text[start]))
            {
                start++;
                continue;
            }
            int length = 1;
            while (start + length < end && !PythonWhiteSpace.Contains(text[start + length]))
                length++;

            ReadOnlySpan<char> word = text.Slice(start, length);
            int needed = Encoding.UTF8.GetByteCount(word);
            if (utf8.Length < needed)
                utf8 = new byte[Math.Max(needed, 256)];
            int id = _index.Find(utf8.AsSpan(0, Encoding.UTF8.GetBytes(word, utf8)));
            if (id < 0)
            {
                id = InPlaceOfUnknown(unknown) ?? throw Unknown( // nothing was left out: every id so far is one word of the text
                    $"word {Quotation.Of(word)}, found at word {ids.Count}", unknown);
            }
            if (id >= 0)
                ids.Add(id);
            start += length;
        }
    }
}
