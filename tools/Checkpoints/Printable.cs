using System.Globalization;
using System.Text;

namespace MyGpt.Checkpoints;

/// <summary>Makes text from a file safe to print: one line, no control characters, bounded length.</summary>
internal static class Printable
{
    private const int MaxLength = 100;

    /// <summary>The text in single quotes, with everything that a terminal could act on written as an escape.</summary>
    public static string Quote(string text) => $"'{Escape(text)}'";

    /// <summary>A path as the user gave it, in quotes and whole: a part of it would lead nowhere.</summary>
    public static string Path(string path) => $"'{Escape(path, int.MaxValue)}'";

    /// <summary>The text with everything that a terminal could act on written as an escape.</summary>
    public static string Escape(string text) => Escape(text, MaxLength);

    private static string Escape(string text, int longest)
    {
        var printable = new StringBuilder(Math.Min(text.Length, longest) + 8);
        foreach (char c in text)
        {
            if (printable.Length >= longest)
                return printable.Append("...").ToString();
            if (IsPlain(c))
                printable.Append(c);
            else
                printable.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }
        return printable.ToString();
    }

    /// <summary>Sizes as PyTorch prints them: <c>[65, 64]</c>.</summary>
    public static string Shape(IEnumerable<long> sizes) => $"[{string.Join(", ", sizes)}]";

    /// <summary>A number of bytes in the unit that reads best, such as <c>1.9 MB</c> (10^6 bytes).</summary>
    public static string Bytes(long count) => count switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{count} bytes"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e3:0.#} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.##} GB"),
    };

    /// <summary>"1 tensor", "2 tensors".</summary>
    public static string Count(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {noun}{(count == 1 ? "" : "s")}");

    // Format characters include the bidirectional overrides, which can make a line read as something else.
    private static bool IsPlain(char c) => char.GetUnicodeCategory(c) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
