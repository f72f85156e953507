using System.Text.Json.Nodes;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>A small byte-level BPE in the files that Hugging Face's libraries write, and the folder that holds them.</summary>
internal static class HuggingFaceFiles
{
    public const int VocabSize = 262;

    /// <summary>Two special tokens first, as trainers put them, then the bytes, "he" (258), "Ġhe" (259), "Ġhehe" (260).</summary>
    public static JsonObject Vocabulary()
    {
        var vocabulary = new JsonObject { ["<s>"] = 0, ["<|end|>"] = 1 };
        for (int value = 0; value < 256; value++)
            vocabulary[Spelling(value)] = 2 + value;
        (vocabulary["he"], vocabulary["Ġhe"], vocabulary["Ġhehe"]) = (258, 259, 260);
        return vocabulary;
    }

    /// <summary>The whole as tokenizer.json, of which a test may change something.</summary>
    public static JsonObject Tokenizer() => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray(Added("<s>", 0), Added("<|end|>", 1)),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true },
        ["post_processor"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = false },
        ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = "",
            ["end_of_word_suffix"] = "",
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["vocab"] = Vocabulary(),
            ["merges"] = new JsonArray("h e", "Ġ he", "Ġhe he"),
        },
    };

    public static JsonObject Added(string content, int id) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = true,
    };

    /// <summary>Looks for a vocabulary in a folder with these files.</summary>
    public static (TokenizerData? Vocabulary, Report Report) Find(int vocabSize, params (string Name, string Text)[] files)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("model.safetensors"), "");
        foreach ((string name, string text) in files)
            File.WriteAllText(folder.File(name), text);
        using CheckpointFile file = CheckpointFile.Open(folder.File("model.safetensors"));
        var report = new Report();
        return (HuggingFaceVocabulary.Find(new CheckpointFolder(file), vocabSize, report), report);
    }

    private static string Spelling(int value)
    {
        int[] printable = [.. Enumerable.Range('!', '~' - '!' + 1), .. Enumerable.Range(0xA1, 12), .. Enumerable.Range(0xAE, 82)];
        int other = Enumerable.Range(0, 256).Except(printable).ToList().IndexOf(value);
        return $"{(char)(other < 0 ? value : 256 + other)}";
    }
}
