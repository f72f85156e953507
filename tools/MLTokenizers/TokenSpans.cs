using System.Text;

namespace MyGpt.MLTokenizers;

/// <summary>Where in a text each of its tokens lies.</summary>
/// <remarks>A token may end within a character. Such a place counts as the beginning of the character, and is no place to cut at.</remarks>
internal sealed class TokenSpans
{
    private readonly int[] _startBytes, _endBytes;
    private readonly int[] _characters;       // (bytes + 1): the UTF-16 index of the character that a byte belongs to
    private readonly bool[] _isBoundary;      // (bytes + 1): whether a character begins at a byte

    /// <summary>Lays tokens over the text that they were encoded from.</summary>
    /// <param name="text">The text.</param>
    /// <param name="tokens">The UTF-8 bytes of the tokens; between two there may be white space that belongs to none.</param>
    public TokenSpans(ReadOnlySpan<char> text, IReadOnlyList<byte[]> tokens)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text.ToString());
        _characters = new int[utf8.Length + 1];
        _isBoundary = new bool[utf8.Length + 1];
        int at = 0, character = 0;
        foreach (Rune rune in text.EnumerateRunes()) // an unpaired surrogate is one UTF-16 unit and the three bytes of U+FFFD
        {
            _isBoundary[at] = true;
            _characters.AsSpan(at, rune.Utf8SequenceLength).Fill(character);
            at += rune.Utf8SequenceLength;
            character += rune.Utf16SequenceLength;
        }
        _isBoundary[at] = true;
        _characters[at] = character;

        (_startBytes, _endBytes) = (new int[tokens.Count], new int[tokens.Count]);
        int end = 0;
        for (int i = 0; i < tokens.Count; i++)
        {
            int space = utf8.AsSpan(end).IndexOf(tokens[i]);
            _startBytes[i] = end + Math.Max(space, 0);
            end = _endBytes[i] = Math.Min(_startBytes[i] + tokens[i].Length, utf8.Length);
        }
    }

    /// <summary>Number of tokens.</summary>
    public int Count => _startBytes.Length;

    /// <summary>The part of the text that a token covers.</summary>
    public Range this[int token] => _characters[_startBytes[token]].._characters[_endBytes[token]];

    /// <summary>The most tokens from the beginning, at most <paramref name="limit"/>, that end with a character.</summary>
    public int CountFromStart(int limit)
    {
        int count = Math.Min(limit, Count);
        while (count > 0 && !_isBoundary[_endBytes[count - 1]])
            count--;
        return count;
    }

    /// <summary>The most tokens up to the end, at most <paramref name="limit"/>, that begin with a character.</summary>
    public int CountFromEnd(int limit)
    {
        int count = Math.Min(limit, Count);
        while (count > 0 && !_isBoundary[_startBytes[Count - count]])
            count--;
        return count;
    }
}
