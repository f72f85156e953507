using System.Text;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>
/// GPT-2's vocabulary, for the checkpoints that were trained on it and do not carry it. Made from OpenAI's own list of merges
/// (vocab.bpe, licence in THIRD-PARTY-NOTICES), which is embedded in this library.
/// </summary>
public static class Gpt2Vocabulary
{
    /// <summary>Number of tokens: 256 bytes, 50000 merges, <see cref="EndOfText"/>.</summary>
    public const int TokenCount = 50257;

    /// <summary>The text of the token that stands between two documents.</summary>
    public const string EndOfText = "<|endoftext|>";

    /// <summary>The id of <see cref="EndOfText"/>, the last of the vocabulary.</summary>
    public const int EndOfTextId = TokenCount - 1;

    private const string ResourceName = "gpt2-vocab.bpe";

    /// <summary>Builds the tables from the embedded merges.</summary>
    public static TokenizerData Create()
    {
        var tokens = new List<ReadOnlyMemory<byte>>(TokenCount);
        var merges = new List<BpeMerge>(TokenCount);
        var ids = new Dictionary<string, int>(TokenCount); // from the spelling in the list of merges

        foreach ((char spelling, byte value) in ByteSpelling.All)
            Add(spelling.ToString(), new[] { value });

        using StreamReader reader = OpenMerges();
        reader.ReadLine(); // #version: 0.2
        while (reader.ReadLine() is { } line)
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            int left = ids[line[..space]], right = ids[line[(space + 1)..]];
            merges.Add(new BpeMerge(left, right, tokens.Count));
            Add(line.Remove(space, 1), (byte[])[.. tokens[left].Span, .. tokens[right].Span]);
        }

        tokens.Add(Encoding.UTF8.GetBytes(EndOfText));
        return TokenizerDataBuilder.Gpt2Bpe(tokens, merges, new Dictionary<string, int> { [EndOfText] = EndOfTextId });

        void Add(string spelling, ReadOnlyMemory<byte> bytes)
        {
            ids.Add(spelling, tokens.Count);
            tokens.Add(bytes);
        }
    }

    private static StreamReader OpenMerges() => new(
        typeof(Gpt2Vocabulary).Assembly.GetManifestResourceStream(ResourceName)
            ?? throw new InvalidOperationException($"{ResourceName} is not embedded in this library."),
        Encoding.UTF8);
}
