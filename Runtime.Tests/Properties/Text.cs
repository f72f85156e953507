using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace MyGpt.Runtime.Tests.Properties;

/// <summary>A generated text; in a report, everything but printable ASCII is escaped.</summary>
internal readonly record struct Text(string Value)
{
    // A few of each block that a tokenizer might treat apart: ASCII, Latin, Greek, combining marks, white space, Hebrew, ideographs, emoji, the last plane.
    private static readonly (int First, int Last)[] Blocks =
    [
        (0x20, 0x7E), (0x20, 0x7E), (0x61, 0x7A), (0x00, 0x1F), (0x7F, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x5D0, 0x5EA),
        (0x2000, 0x206F), (0x3000, 0x30FF), (0x4E00, 0x4EFF), (0xD7A0, 0xD7FF), (0xE000, 0xE0FF), (0xFE00, 0xFE0F), (0xFFF0, 0xFFFF),
        (0x1F300, 0x1F64F), (0x20000, 0x200FF), (0xE0000, 0xE007F), (0x10FF00, 0x10FFFF),
    ];

    private static readonly string[] Fragments =
    [
        " ", "  ", "\n", "\r\n", "\r\n\r\n", "\t", "\0", "'s", "'ll", "'", "the ", " and", "e\u0301", "\u0301", "\u200D", "\uFEFF", "\uFFFD", "\u0085", "\u00A0",
        "\U0001F468\u200D\U0001F469\u200D\U0001F467", "<|endoftext|>", "<|endoftext|", "<|endoftext|><|endoftext|>", "|>", "<|end", "<|", "\"", "\\", "\\u0041",
    ];

    private static readonly string[] Surrogates = ["\uD800", "\uD83D", "\uDBFF", "\uDC00", "\uDE00", "\uDFFF"];

    private static readonly Gen<string> Character =
        from block in Gen.Elements(Blocks)
        from codePoint in Gen.Choose(block.First, block.Last)
        select char.ConvertFromUtf32(codePoint);

    private static readonly Gen<string> Piece = Gen.Frequency((6, Character), (3, Gen.Elements(Fragments)), (1, Runs(Character)), (1, Runs(Gen.Elements(Fragments))));

    /// <summary>Texts of whole characters of every kind: long runs, CRLF, combining marks, look-alikes of special tokens.</summary>
    public static Arbitrary<Text> WellFormed { get; } = From(Piece);

    /// <summary>The same with unpaired surrogates.</summary>
    public static Arbitrary<Text> Any { get; } = From(Gen.Frequency((12, Piece), (1, Gen.Elements(Surrogates))));

    /// <summary>What UTF-8 makes of it: the text, with U+FFFD for each unpaired surrogate.</summary>
    public string AsUtf8 => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(Value));

    /// <summary>Its characters (code points), each once, in the order in which they first occur.</summary>
    public string[] Characters => [.. Value.EnumerateRunes().Distinct().Select(rune => rune.ToString())];

    public override string ToString()
    {
        StringBuilder text = new("\"");
        foreach (char c in Value)
            _ = c is >= ' ' and <= '~' ? text.Append(c) : text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        return text.Append('"').ToString();
    }

    private static Gen<string> Runs(Gen<string> piece) =>
        from part in piece
        from count in Gen.Choose(2, 70)
        select string.Concat(Enumerable.Repeat(part, count));

    private static Arbitrary<Text> From(Gen<string> piece) => Arb.From(
        piece.ArrayOf().Select(pieces => new Text(string.Concat(pieces))), text => Simplify(text.Value).Select(value => new Text(value)));

    // Fewer characters, then an "a" in place of one.
    private static IEnumerable<string> Simplify(string text)
    {
        string[] elements = [.. Elements(text)];
        return Simpler.Arrays(elements, element => element == "a" ? [] : ["a"]).Select(parts => string.Concat(parts));
    }

    private static IEnumerable<string> Elements(string text)
    {
        for (int at = 0, length; at < text.Length; at += length)
        {
            length = at + 1 < text.Length && char.IsSurrogatePair(text, at) ? 2 : 1;
            yield return text.Substring(at, length);
        }
    }
}
