using System.Globalization;
using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>Text from a file or a prompt as it may stand in a one-line message: shortened, nothing invisible in it.</summary>
internal static class Quotation
{
    private const int MaxCharacters = 40;

    /// <summary>Text in single quotes; characters that do not print stand as \u{...}, and a long text ends in three dots.</summary>
    public static string Of(ReadOnlySpan<char> text)
    {
        var quoted = new StringBuilder("'");
        int characters = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (characters++ == MaxCharacters)
            {
                quoted.Append("...");
                break;
            }
            if (Prints(rune) || rune.Value == ' ')
                quoted.Append(rune.ToString());
            else
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");
        }
        return quoted.Append('\'').ToString();
    }

    /// <summary>The same for UTF-8.</summary>
    public static string Of(ReadOnlySpan<byte> utf8) =>
        Of(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, (MaxCharacters + 1) * 4)]));

    /// <summary>One character and its code point: <c>'é' (U+00E9)</c>, or only <c>U+000A</c> if it does not print.</summary>
    public static string Of(Rune rune)
    {
        string codePoint = string.Create(CultureInfo.InvariantCulture, $"U+{rune.Value:X4}");
        return Prints(rune) ? $"'{rune}' ({codePoint})" : codePoint;
    }

    private static bool Prints(Rune rune) => Rune.IsLetterOrDigit(rune) || Rune.IsNumber(rune) || Rune.IsPunctuation(rune) || Rune.IsSymbol(rune);
}
