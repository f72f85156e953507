using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;

namespace MyGpt.Runtime.Tests.Reference;

/// <summary>
/// GPT-2's encoding written as plainly as possible, from the published list of merges: the regular expression itself, then all
/// occurrences of the pair that was learned first are merged, again and again. Slow; never calls the code under test.
/// </summary>
internal static class ReferenceGpt2Encoder
{
    private static readonly string[] Lines = ReadMerges();

    private static readonly Dictionary<byte, char> Spellings = MakeSpellings();

    private static readonly Dictionary<(string, string), int> Ranks = Lines
        .Select((line, rank) => (Pair: line.Split(' '), rank))
        .ToDictionary(merge => (merge.Pair[0], merge.Pair[1]), merge => merge.rank);

    private static readonly Dictionary<string, int> Ids = Spellings.Values.Select(c => c.ToString())
        .Concat(Lines.Select(line => line.Replace(" ", "", StringComparison.Ordinal)))
        .Select((token, id) => (token, id))
        .ToDictionary(pair => pair.token, pair => pair.id);

    // Runs over one ASCII character per code point, so that .NET's UTF-16 units cannot matter.
    private static readonly Regex Pieces = new(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+");

    public static int[] Encode(string text)
    {
        Rune[] runes = [.. text.EnumerateRunes()];
        string classes = string.Concat(runes.Select(StandIn));
        return [.. Pieces.Matches(classes).SelectMany(match => EncodePiece(runes[match.Index..(match.Index + match.Length)]))];
    }

    private static IEnumerable<int> EncodePiece(Rune[] piece)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(string.Concat(piece));
        List<string> word = [.. utf8.Select(value => Spellings[value].ToString())];
        while (word.Count > 1)
        {
            (string Left, string Right) first = word.Zip(word.Skip(1)).MinBy(pair => Ranks.GetValueOrDefault(pair, int.MaxValue));
            if (!Ranks.ContainsKey(first))
                break;
            for (int i = 0; i + 1 < word.Count; i++)
            {
                if (word[i] == first.Left && word[i + 1] == first.Right)
                {
                    word[i] += word[i + 1];
                    word.RemoveAt(i + 1);
                }
            }
        }
        return word.Select(token => Ids[token]);
    }

    // A character of the same class as far as the expression can tell.
    private static char StandIn(Rune rune)
    {
        if (rune.Value is ' ' or '\'' or (>= 'a' and <= 'z'))
            return (char)rune.Value;
        if (IsWhiteSpace(rune.Value))
            return '\n';
        return CharUnicodeInfo.GetUnicodeCategory(rune.Value) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => 'X',
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => '0',
            _ => '!',
        };
    }

    // The 25 code points with the property White_Space (Unicode, PropList.txt).
    private static bool IsWhiteSpace(int codePoint) => codePoint
        is (>= 0x9 and <= 0xD) or 0x20 or 0x85 or 0xA0 or 0x1680 or (>= 0x2000 and <= 0x200A) or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000;

    private static Dictionary<byte, char> MakeSpellings()
    {
        int[] printable = [.. Enumerable.Range('!', '~' - '!' + 1), .. Enumerable.Range(0xA1, 12), .. Enumerable.Range(0xAE, 82)];
        int[] others = [.. Enumerable.Range(0, 256).Except(printable)];
        return printable.Select(value => ((byte)value, (char)value))
            .Concat(others.Select((value, i) => ((byte)value, (char)(256 + i))))
            .ToDictionary();
    }

    private static string[] ReadMerges()
    {
        using Stream stream = Assembly.Load("MyGpt.Checkpoints").GetManifestResourceStream("gpt2-vocab.bpe")!;
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)];
    }
}
