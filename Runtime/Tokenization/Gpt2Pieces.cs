using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// Cuts text into the pieces that GPT-2 encodes one by one: a contraction, a run of letters, of numbers or of anything else,
/// each with at most one space before it, or white space.
/// </summary>
/// <remarks>
/// The rule is the regular expression of GPT-2's encoder.py (OpenAI 2019):
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>. It is scanned by hand because .NET's
/// expressions see UTF-16 units: every character beyond the BMP would be two that are neither letter nor number.
/// \s is the Unicode property White_Space. An unpaired surrogate counts as U+FFFD.
/// </remarks>
internal static class Gpt2Pieces
{
    private enum CharacterClass : byte
    {
        Other,
        Letter,
        Number,
        WhiteSpace,
    }

    private static readonly CharacterClass[] AsciiClasses = [.. Enumerable.Range(0, 128).Select(c => ClassOf(new Rune(c)))];

    /// <summary>Number of UTF-16 units of the piece that a text begins with.</summary>
    /// <param name="text">The rest of the text, not empty.</param>
    public static int FirstLength(ReadOnlySpan<char> text)
    {
        int contraction = ContractionLength(text);
        if (contraction > 0)
            return contraction;

        int space = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        CharacterClass first = ClassAt(text, space, out int length);
        if (first == CharacterClass.WhiteSpace)
            return WhiteSpaceLength(text);

        int end = space + length;
        while (end < text.Length && ClassAt(text, end, out length) == first)
            end += length;
        return end;
    }

    // \s+(?!\S)|\s+ : a run of white space leaves its last character to the word that follows, unless it is the only one.
    private static int WhiteSpaceLength(ReadOnlySpan<char> text)
    {
        int end = 0;
        while (end < text.Length && char.IsWhiteSpace(text[end])) // all white space is in the BMP
            end++;
        return end == text.Length || end == 1 ? end : end - 1;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.Length < 2 || text[0] != '\'')
            return 0;
        switch (text[1])
        {
            case 's' or 't' or 'm' or 'd':
                return 2;
            case 'r' or 'v' when text.Length > 2 && text[2] == 'e':
            case 'l' when text.Length > 2 && text[2] == 'l':
                return 3;
            default:
                return 0;
        }
    }

    private static CharacterClass ClassAt(ReadOnlySpan<char> text, int at, out int length)
    {
        if (text[at] < AsciiClasses.Length)
        {
            length = 1;
            return AsciiClasses[text[at]];
        }
        Rune.DecodeFromUtf16(text[at..], out Rune rune, out length);
        return ClassOf(rune);
    }

    private static CharacterClass ClassOf(Rune rune)
    {
        if (Rune.IsWhiteSpace(rune))
            return CharacterClass.WhiteSpace;
        if (Rune.IsLetter(rune))
            return CharacterClass.Letter;
        return Rune.IsNumber(rune) ? CharacterClass.Number : CharacterClass.Other;
    }
}
