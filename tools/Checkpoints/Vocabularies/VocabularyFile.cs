using System.Text;
using System.Text.Json;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Containers.Json;
using MyGpt.Checkpoints.Pickle;
using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>
/// Reads a vocabulary that is not in the checkpoint: UTF-8 with one token a line; JSON, that is an array of strings, a map of tokens
/// and ids, myGPT's <c>chars</c> and <c>merges</c>, or Hugging Face's <c>tokenizer.json</c> or <c>vocab.json</c> with <c>merges.txt</c>
/// beside it; or a nanoGPT <c>meta.pkl</c>. Which of them it is, the file shows.
/// </summary>
internal static class VocabularyFile
{
    private const byte PickleStart = 0x80;

    /// <summary>The lists of merges that belong to a map of tokens and ids: Hugging Face's name, and OpenAI's.</summary>
    private static readonly string[] MergesNames = ["merges.txt", "vocab.bpe"];

    private static ReadOnlySpan<byte> Blanks => " \t\r\n"u8;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a vocabulary.</summary>
    /// <param name="path">The file.</param>
    /// <param name="vocabSize">V of the model; the file may have fewer tokens, not more.</param>
    /// <param name="report">Gets what of it is not used; null: nobody wants to know.</param>
    /// <exception cref="CheckpointException">It is damaged, or does not fit the model.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read, or is a folder.</exception>
    public static TokenizerData Read(string path, int vocabSize, Report? report = null)
    {
        using CheckpointFile file = CheckpointFile.Open(path);
        string source = $"the vocabulary {Printable.Quote(file.Name)}";
        byte[] bytes = VocabularyBytes.Read(file, source);
        if (bytes is [PickleStart, ..])
            return ReadMeta(Unpickler.Read(bytes, Printable.Escape(file.Name), storages: null), vocabSize, source);

        ReadOnlySpan<byte> text = bytes;
        if (text.StartsWith(Encoding.UTF8.Preamble))
            text = text[Encoding.UTF8.Preamble.Length..];
        RefuseBinary(text, source);
        ReadOnlySpan<byte> start = text.TrimStart(Blanks);
        bool isJson = file.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
            || (start is [(byte)'[' or (byte)'{', .. var rest] && rest.TrimStart(Blanks) is [(byte)'"', ..]);
        if (isJson && start is [(byte)'{', ..])
            return ReadObject((DictValue)JsonValues.Read(text, source), file, vocabSize, source, report ?? new Report());
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

    private static TokenizerData ReadMeta(Value root, int vocabSize, string source)
    {
        string[] characters = (root is DictValue dictionary ? TokenMap.Read(dictionary, source) : null)
            ?? throw new CheckpointException($"{source} has neither itos nor stoi; it is not the meta.pkl of a character model");
        return VocabularyTable.Characters(characters, vocabSize, source);
    }

    private static TokenizerData ReadObject(DictValue root, CheckpointFile file, int vocabSize, string source, Report report)
    {
        if (TokenizerJson.IsOne(root))
            return TokenizerJson.Read(root, vocabSize, source, report);
        if (CheckpointVocabulary.Read(root, vocabSize, source, out _) is { } vocabulary)
            return vocabulary;
        bool isMap = root.Items.Count > 0 && root.Items.All(item => item.Value is IntegerValue or TextValue);
        if (!isMap)
            throw new CheckpointException($"{source} is an object, but neither a tokenizer.json nor one that has chars, stoi or itos, nor a map of tokens and ids");
        string? merges = MergesNames.Select(file.FindBeside).FirstOrDefault(path => path is not null);
        if (merges is not null && root.Items[0].Value is IntegerValue)
            return HuggingFaceVocabulary.ReadPair(root, merges, vocabSize);
        if (ByteSpelling.SpellsAllBytes(root))
            throw new CheckpointException($"{source} has the tokens of a byte pair encoding, and {MergesNames[0]}, without which it cannot encode, is missing beside it");
        return VocabularyTable.Create(TokenMap.ReadOne(root, source), vocabSize, source);
    }

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
        catch (JsonException e)
        {
            // Its message may repeat all that it could not read, as long as the file; the place is enough.
            return required
                ? throw new CheckpointException($"{source} is damaged JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}") : null;
        }
        catch (InvalidOperationException e)
        {
            return required ? throw new CheckpointException($"{source} is damaged JSON: token {tokens.Count} is no text", e) : null;
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
