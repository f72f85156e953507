using System.Text;

namespace MyGpt.Runtime.Tests.Tokenization;

/// <summary>Seeded texts that are hard for a tokenizer.</summary>
internal static class RandomText
{
    // All code points but surrogates, which are no runes; private and unassigned ones too.
    private static readonly Rune[][] ByCategory = [.. Enumerable.Range(0, 0x110000).Where(Rune.IsValid)
        .Select(codePoint => new Rune(codePoint)).GroupBy(Rune.GetUnicodeCategory).Select(group => group.ToArray())];

    private static readonly string[] Fragments =
    [
        " ", "  ", "\n", "\t", "\r\n", "'", "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "the", "ing", " and", "1", "42", "!", "...", "-",
        "\u0085", "\u00A0", "\u1680", "\u2003", "\u2028", "\u3000", "\u001C", "\u001F", "\u180E", "\u200B", "\uFEFF", "\uFFFD", "e\u0301", "\u00BD", "\u2167",
        "\U0001D7D8", "\U0001F600", "\U00020000", "\U0001D400", "<|endoftext|>", "\uD83D", "\uDE00",
    ];

    /// <summary>Characters of every plane between fragments that decide where pieces end; now and then an unpaired surrogate.</summary>
    public static string Next(Random random, int maxCharacters)
    {
        var text = new StringBuilder();
        for (int count = random.Next(maxCharacters + 1); count > 0; count--)
        {
            _ = random.Next(5) switch
            {
                0 => text.Append(Fragments[random.Next(Fragments.Length)]),
                1 => text.Append((char)random.Next(0x20, 0x7F)),
                2 => text.Append((char)random.Next(0x10000)), // the BMP, surrogates included
                3 => text.Append(new Rune(random.Next(0x10000, 0x110000))),
                _ => text.Append(OfACategory(random)),
            };
        }
        return text.ToString();
    }

    // Chosen by category first: most code points are ideographs or unassigned, and a rare category would hardly ever come up.
    private static Rune OfACategory(Random random)
    {
        Rune[] members = ByCategory[random.Next(ByCategory.Length)];
        return members[random.Next(members.Length)];
    }

    public static string Letters(Random random, int length, string alphabet) => new(random.GetItems(alphabet.AsSpan(), length));
}
