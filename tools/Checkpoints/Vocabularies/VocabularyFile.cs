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

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

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
        RefuseBinary(text, source);
        ReadOnlySpan<byte> start = text.TrimStart(Blanks);
        bool isJson = file.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            || (start is [(byte)'[' or (byte)'{', .. var rest] && rest.TrimStart(Blanks) is [(byte)'"', ..]);
        bool mayBeJson = start is [(byte)'[' or (byte)'{', ..];
        List<string>? tokens = isJson || mayBeJson ? ReadJson(text, vocabSize, source, required: isJson) : null;
        return VocabularyTable.Create(tokens ?? ReadLines(text, vocabSize, source), vocabSize, source);
    }

    /// <summary>What a vocabulary has, such as <c>65 characters</c>.</summary>
    public static string Describe(TokenizerData vocabulary) => vocabulary.Kind switch
    {
        TokenizerKind.Characters => Printable.Count(vocabulary.TokenCount, "character"),
        TokenizerKind.Words => Printable.Count(vocabulary.TokenCount, "word"),
        TokenizerKind.Gpt2Bpe or TokenizerKind.MyGptBpe => Printable.Count(vocabulary.TokenCount, "token"),
    };

    // Before protocol 2 a pickle has no mark of its own. A dictionary begins as '(' with 'd' (0) or as '}' with 'q' (1), both with a
    // line or a byte number that no list of tokens has there, and ends with '.', without a line break.
    private static void RefuseBinary(ReadOnlySpan<byte> bytes, string source)
    {
        bool isOldPickle = bytes is [(byte)'(', (byte)'d' or (byte)'l' or (byte)'i', .., (byte)'.']
            or [(byte)'}' or (byte)']', (byte)'q' or (byte)'(', .., (byte)'.'];
        if (isOldPickle)
            throw new CheckpointException($"{source} is a pickle of an old protocol (0 or 1); save it again with protocol 2 or later");
        if (bytes.Contains((byte)0))
            throw new CheckpointException($"{source} is not text: it has bytes of value 0");
    }

    // A list of characters, one a line, may well begin with '[': only what is JSON by name, by '["' or as a whole is no lines.
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
            required = required || IsJson(text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return required ? throw new CheckpointException($"{source} is damaged JSON: {Printable.Escape(e.Message)}", e) : null;
        }
        return required ? throw new CheckpointException($"{source} is JSON, but not an array of strings") : null;
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        var json = new Utf8JsonReader(text);
        while (json.Read())
        {
        }
        return true;
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
