using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>The vocabulary that lies beside a Hugging Face model: <c>tokenizer.json</c>, else <c>vocab.json</c> and <c>merges.txt</c>.</summary>
internal static class HuggingFaceVocabulary
{
    private const string Tokenizer = "tokenizer.json", Vocabulary = "vocab.json", Merges = "merges.txt";

    /// <summary>Looks in the checkpoint's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="vocabSize">V of the model.</param>
    /// <param name="report">Gets what was found, and what of it is not used.</param>
    /// <returns>Null when neither is there.</returns>
    /// <exception cref="CheckpointException">One is there, and it is damaged, of another model or not of GPT-2's algorithm.</exception>
    public static TokenizerData? Find(CheckpointFolder folder, int vocabSize, Report report)
    {
        if (folder.ReadJson(Tokenizer) is { } root)
            return Found(TokenizerJson.Read(Object(root, Tokenizer), vocabSize, Tokenizer, report), Tokenizer, report);
        if (folder.Find(Merges) is not { } path || folder.ReadJson(Vocabulary) is not { } tokens)
            return null;
        return Found(ReadPair(Object(tokens, Vocabulary), path, vocabSize), $"{Vocabulary} and {Merges}", report);
    }

    /// <summary>Makes the tables from a <c>vocab.json</c> and the list of merges that belongs to it.</summary>
    /// <param name="tokens">What <c>vocab.json</c> holds.</param>
    /// <param name="mergesPath">The list of merges.</param>
    /// <param name="vocabSize">V of the model.</param>
    /// <exception cref="CheckpointException">They are damaged, of another model or not of GPT-2's algorithm.</exception>
    public static TokenizerData ReadPair(DictValue tokens, string mergesPath, int vocabSize)
    {
        using CheckpointFile file = CheckpointFile.Open(mergesPath);
        string name = Printable.Escape(file.Name);
        return ByteLevelBpe.Create(tokens, MergesText.Read(VocabularyBytes.Read(file, name), name), added: null, vocabSize, $"{Vocabulary} with {name}");
    }

    private static TokenizerData Found(TokenizerData vocabulary, string files, Report report)
    {
        string specials = string.Join(", ", vocabulary.SpecialTokens.OrderBy(token => token.Value).Take(8).Select(token => Printable.Quote(token.Key)));
        report.Found($"vocabulary: {VocabularyFile.Describe(vocabulary)} from {files} beside the checkpoint"
            + (specials.Length > 0 ? $"; special: {specials}{(vocabulary.SpecialTokens.Count > 8 ? ", ..." : "")}" : ""));
        return vocabulary;
    }

    private static DictValue Object(Value root, string name) =>
        root as DictValue ?? throw new CheckpointException($"{name} is {root.Kind}; an object was needed");
}
