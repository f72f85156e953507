using System.Text;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>Reads a list of merges: two tokens and a space between them, on a line of their own or in a string of their own.</summary>
internal static class MergesText
{
    private const string Version = "#version";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads <c>merges.txt</c>, also called <c>vocab.bpe</c>; a first line that begins with <c>#version</c> is no merge.</summary>
    /// <param name="utf8">The file.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="CheckpointException">A line is not two tokens and a space, or the text is not UTF-8.</exception>
    public static List<(string Left, string Right)> Read(ReadOnlySpan<byte> utf8, string source)
    {
        var merges = new List<(string, string)>();
        int number = 0;
        while (!utf8.IsEmpty)
        {
            int end = utf8.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? utf8 : utf8[..end]).TrimEnd((byte)'\r');
            utf8 = end < 0 ? default : utf8[(end + 1)..];
            string text = Decode(line, ++number, source);
            bool isComment = number == 1 && text.StartsWith(Version, StringComparison.Ordinal);
            if (!isComment && !(text.Length == 0 && utf8.IsEmpty)) // the file may end with an empty line
                merges.Add(Split(text, $"{source}: line {number}"));
        }
        return merges;
    }

    /// <summary>The two tokens of one merge.</summary>
    /// <exception cref="CheckpointException">The text is not two tokens and a space.</exception>
    public static (string Left, string Right) Split(string text, string where)
    {
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && space < text.Length - 1 && space == text.LastIndexOf(' ') ? (text[..space], text[(space + 1)..])
            : throw new CheckpointException($"{where} is {Printable.Quote(text)}; two tokens with one space between them were needed");
    }

    private static string Decode(ReadOnlySpan<byte> line, int number, string source)
    {
        try
        {
            return StrictUtf8.GetString(line);
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointException($"{source}: line {number} is not UTF-8", e);
        }
    }
}
