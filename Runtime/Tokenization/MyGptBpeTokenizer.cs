using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;

namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// The byte pair encoding of the myGPT tutorial: characters, and merges of neighbours that may reach across white space, applied one
/// after the other to the whole text.
/// </summary>
/// <remarks>github.com/egde/mygpt, tokenizer.py: <c>BPETokenizer.encode</c>, which generation uses.</remarks>
internal sealed class MyGptBpeTokenizer : TableTokenizer
{
    private readonly CharacterIndex _characters;
    private readonly MergeSequence _merges;

    /// <exception cref="TokenizerDataException">A token is not UTF-8, or two are the same character.</exception>
    public MyGptBpeTokenizer(TokenTable tokens, SpecialTokenTable specials, MergeSequence merges)
        : base(tokens, specials)
    {
        for (int id = 0; id < tokens.Count; id++)
        {
            if (!Utf8.IsValid(tokens[id]))
                throw new TokenizerDataException($"token {id} is {Convert.ToHexString(tokens[id][..Math.Min(tokens[id].Length, 32)])}, UTF-8 needed");
        }
        _characters = new CharacterIndex(tokens, specials);
        _merges = merges;
    }

    protected override void EncodeOrdinary(ReadOnlySpan<char> text, int start, int end, UnknownText unknown, List<int> ids)
    {
        int first = ids.Count, length;
        for (int at = start; at < end; at += length)
        {
            Rune.DecodeFromUtf16(text[at..end], out Rune character, out length);
            int id = _characters.Find(character);
            if (id < 0)
                id = InPlaceOfUnknown(unknown) ?? throw CharacterIndex.Unknown(character, text[..at], unknown);
            ids.Add(id);
        }
        if (ids.Count > first)
            CollectionsMarshal.SetCount(ids, first + new SequentialMerger(_merges).Merge(CollectionsMarshal.AsSpan(ids)[first..]));
    }
}
