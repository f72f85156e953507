using System.Text;

namespace MyGpt.CommandLine.Terminal;

/// <summary>One-line messages on standard error, in colour on a terminal.</summary>
/// <param name="error">Standard error.</param>
/// <param name="color">Whether to colour the word before the colon.</param>
internal sealed class Messages(TextWriter error, bool color)
{
    private const string Red = "\e[31m", Yellow = "\e[33m", Reset = "\e[0m";

    /// <summary>The command failed.</summary>
    public void Error(string text) => Line("error", Red, text);

    /// <summary>The command goes on, but the result may surprise.</summary>
    public void Warning(string text) => Line("warning", Yellow, text);

    /// <summary>Something worth knowing, such as the seed.</summary>
    public void Note(string text) => error.WriteLine(OneLine(text));

    /// <summary>
    /// Names from files end up in messages: characters that could move the cursor, fake a second line or turn the order of a line
    /// round are shown as escapes.
    /// </summary>
    internal static string OneLine(string text)
    {
        if (!text.Any(IsUnsafe))
            return text;
        var line = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            if (!IsUnsafe(c))
                line.Append(c);
            else if (c is '\n')
                line.Append("\\n");
            else if (c is '\r')
                line.Append("\\r");
            else if (c is '\t')
                line.Append("\\t");
            else
                line.Append("\\u").Append(((int)c).ToString("x4"));
        }
        return line.ToString();
    }

    // Besides control characters, Unicode's line and paragraph separator, and its bidirectional overrides and isolates.
    private static bool IsUnsafe(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private void Line(string kind, string code, string text) =>
        error.WriteLine(color ? $"{code}{kind}:{Reset} {OneLine(text)}" : $"{kind}: {OneLine(text)}");
}
