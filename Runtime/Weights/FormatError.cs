using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MyGpt.Runtime.Weights;

/// <summary>Makes <see cref="WeightsFormatException"/>s of one line: file, part of the file, what was found, what was needed.</summary>
internal static class FormatError
{
    private const int LongestQuote = 80;

    public static WeightsFormatException Create(string file, string part, string problem) =>
        new(Printable($"'{file}': {part}: {problem}", int.MaxValue));

    /// <summary>A value of the header as a message shows it; long ones are cut.</summary>
    public static string Quote(JsonElement found) => found.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => $"an array of {found.GetArrayLength()}",
        JsonValueKind.String => Quote(found.GetString()!),
        _ => Printable(found.GetRawText(), LongestQuote),
    };

    public static string Quote(string found) => $"'{Printable(found, LongestQuote)}'";

    public static string Shape(IEnumerable<long> shape) =>
        $"({string.Join(", ", shape.Select(d => d.ToString(CultureInfo.InvariantCulture)))})";

    /// <summary>The text on one line: characters that would break or hide it become their number.</summary>
    private static string Printable(string text, int longest)
    {
        StringBuilder line = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (line.Length >= longest)
                return line.Append("...").ToString();
            if (IsPrintable(Rune.GetUnicodeCategory(rune)))
                line.Append(rune.ToString());
            else
                line.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}");
        }
        return line.ToString();
    }

    private static bool IsPrintable(UnicodeCategory category) =>
        category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
}
