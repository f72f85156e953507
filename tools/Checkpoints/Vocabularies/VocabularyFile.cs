using System.Text;
using System.Text.Json;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Pickle;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>
/// Reads a vocabulary that is not in the checkpoint: UTF-8 with one token a line, a JSON array of strings, or a nanoGPT
/// <c>meta.pkl</c>. Which of them it is, the file shows.
/// </summary>
internal static class VocabularyFile
{
    private const long MaxLength = 16 << 20;

    private const byte PickleStart = 0x80;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a vocabulary.</summary>
    /// <param name="path">The file.</param>
    /// <param name="vocabSize">V of the model; the file may have fewer tokens, not more.</param>
    /// <exception cref="CheckpointException">It is damaged, or does not fit the model.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static TokenizerData Read(string path, int vocabSize)
    {
        using CheckpointFile file = CheckpointFile.Open(path);
        string name = Printable.Quote(file.Name);
        if (file.Length > MaxLength)
            throw new CheckpointException($"the vocabulary {name} has {file.Length} bytes; at most {MaxLength} are read");
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        string source = $"the vocabulary {name}";

        if (bytes is [PickleStart, ..])
        {
            string[] characters = MetaPickle.Characters(Unpickler.Read(bytes, Printable.Escape(file.Name), storages: null), source);
            return VocabularyTable.Characters(characters, vocabSize, source);
        }
        ReadOnlySpan<byte> text = bytes;
        if (text.StartsWith(Encoding.UTF8.Preamble))
            text = text[Encoding.UTF8.Preamble.Length..];
        bool isJson = file.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        bool mayBeJson = text.TrimStart(" \t\r\n"u8).StartsWith("["u8);
        List<string>? tokens = isJson || mayBeJson ? ReadJson(text, vocabSize, source, required: isJson) : null;
        return VocabularyTable.Create(tokens ?? ReadLines(text, vocabSize, source), vocabSize, source);
    }

    /// <summary>What a vocabulary has, such as <c>65 characters</c>.</summary>
    public static string Describe(TokenizerData vocabulary) => vocabulary.Kind switch
    {
        TokenizerKind.Characters => Printable.Count(vocabulary.TokenCount, "character"),
        TokenizerKind.Words => Printable.Count(vocabulary.TokenCount, "word"),
        TokenizerKind.Gpt2Bpe => Printable.Count(vocabulary.TokenCount, "token"),
    };

    // A list of characters, one a line, may well begin with '[': unless the name says JSON, what is no JSON is lines.
    private static List<string>? ReadJson(ReadOnlySpan<byte> text, int vocabSize, string source, bool required)
    {
        var tokens = new List<string>();
        var json = new Utf8JsonReader(text);
        try
        {
            bool isList = json.Read() && json.TokenType == JsonTokenType.StartArray;
            while (isList && json.Read() && json.TokenType == JsonTokenType.String)
            {
                tokens.Add(json.GetString()!);
                VocabularyTable.CheckCount(tokens.Count, vocabSize, source);
            }
            if (isList && json.TokenType == JsonTokenType.EndArray && !json.Read())
                return tokens;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return required ? throw new CheckpointException($"{source} is damaged JSON: {Printable.Escape(e.Message)}", e) : null;
        }
        return required ? throw new CheckpointException($"{source} is JSON, but not an array of strings") : null;
    }

    private static List<string> ReadLines(ReadOnlySpan<byte> text, int vocabSize, string source)
    {
        var tokens = new List<string>();
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (line.EndsWith("\r"u8))
                line = line[..^1];
            if (line.IsEmpty)
            {
                throw new CheckpointException($"{source}: line {tokens.Count + 1} is empty; "
                    + "a vocabulary with a line break as a token is given as a JSON array of strings");
            }
            tokens.Add(Decode(line, tokens.Count + 1, source));
            VocabularyTable.CheckCount(tokens.Count, vocabSize, source);
        }
        return tokens;
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
