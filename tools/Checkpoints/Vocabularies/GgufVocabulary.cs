using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>The vocabulary in the metadata of a GGUF file: tokens spelt as GPT-2's files spell bytes, merges, and what kind each token is.</summary>
/// <remarks>github.com/ggml-org/ggml, docs/gguf.md, section Tokenizer.</remarks>
internal static class GgufVocabulary
{
    private const string Model = "tokenizer.ggml.model", Tokens = "tokenizer.ggml.tokens", Merges = "tokenizer.ggml.merges",
        Types = "tokenizer.ggml.token_type", Splitting = "tokenizer.ggml.pre";

    // What llama.cpp's converter writes for GPT-2; files from before the field have none, and later ones say default where it knew no better.
    private static readonly string[] SplitsAsGpt2 = ["default", "gpt-2", "gpt2"];

    // Kinds of tokens that stand for more than their text: control and user-defined.
    private const long Control = 3, UserDefined = 4;

    /// <summary>Reads it.</summary>
    /// <param name="metadata">The metadata.</param>
    /// <param name="vocabSize">V of the model.</param>
    /// <param name="report">Gets what was found.</param>
    /// <returns>Null when there is none, or one of another algorithm.</returns>
    /// <exception cref="CheckpointException">It is damaged, of another model, or splits text in another way than GPT-2.</exception>
    public static TokenizerData? Find(DictValue metadata, int vocabSize, Report report)
    {
        if (metadata.Get<ListValue>(Tokens) is not { } tokens)
            return null;
        string? model = metadata.Get<TextValue>(Model)?.Value;
        if (model != "gpt2")
        {
            report.Warning($"the vocabulary of the metadata is not used: {Model} is {Printable.Quote(model ?? "")}, and only 'gpt2' is byte-level BPE");
            return null;
        }
        if (metadata.TryGet(Splitting, out Value? splitting) && !(splitting is TextValue known && SplitsAsGpt2.Contains(known.Value)))
        {
            string found = splitting is TextValue text ? Printable.Quote(text.Value) : splitting.Kind;
            throw new CheckpointException($"the metadata says {Splitting} is {found}, another way to split text than GPT-2's, which would give other "
                + $"tokens; {string.Join(", ", SplitsAsGpt2)} or nothing was needed (--vocab FILE says which vocabulary to use instead)");
        }
        if (metadata.Get<ListValue>(Merges) is not { } merges)
            throw new CheckpointException($"the metadata has {Tokens} and no {Merges}; both were needed");
        string[] texts = VocabularyTable.Texts(tokens, Tokens);
        var ids = new DictValue();
        for (int id = 0; id < texts.Length; id++)
        {
            if (!ids.TryAdd(new TextValue(texts[id]), new IntegerValue(id)))
                throw new CheckpointException($"{Tokens}: {Printable.Quote(texts[id])} is there twice, the second time as token {id}");
        }
        (string, string)[] pairs = [.. VocabularyTable.Texts(merges, Merges).Select((text, index) => MergesText.Split(text, $"{Merges}: item {index}"))];
        TokenizerData vocabulary = ByteLevelBpe.Create(ids, pairs, Added(metadata, texts), vocabSize, "the metadata's vocabulary");
        report.Found($"vocabulary: {VocabularyFile.Describe(vocabulary)} from the metadata");
        return vocabulary;
    }

    private static Dictionary<string, int>? Added(DictValue metadata, string[] texts)
    {
        if (metadata.Get<ListValue>(Types) is not { } types)
            return null;
        if (types.Items.Count != texts.Length)
            throw new CheckpointException($"{Types} has {types.Items.Count} items for {texts.Length} tokens");
        return Enumerable.Range(0, texts.Length).Where(id => types.Items[id] is IntegerValue { Value: Control or UserDefined })
            .ToDictionary(id => texts[id], StringComparer.Ordinal);
    }
}
