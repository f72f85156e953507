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
        {
            DictValue json = Object(root, Tokenizer);
            TokenizerData vocabulary = TokenizerJson.Read(json, vocabSize, Tokenizer, report);
            WarnOfOther(folder, json, report);
            return Found(vocabulary, Tokenizer, report);
        }
        if (folder.Find(Merges) is not { } path)
        {
            if (folder.Find(Vocabulary) is not null)
                report.Warning($"{Vocabulary} beside the checkpoint is not used: {Merges}, without which it cannot encode, is missing beside it");
            return null;
        }
        if (folder.ReadJson(Vocabulary) is not { } tokens)
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

    // Both are usually there and the same. The one for the fast tokenizer is what transformers reads.
    private static void WarnOfOther(CheckpointFolder folder, DictValue json, Report report)
    {
        if (folder.Find(Merges) is null || folder.Find(Vocabulary) is null)
            return;
        string? problem;
        try
        {
            DictValue other = Object(folder.ReadJson(Vocabulary)!, Vocabulary);
            problem = json.Get<DictValue>("model")?.Get<DictValue>("vocab") is { } own ? Difference(other, own, json) : null;
        }
        catch (CheckpointException e)
        {
            problem = e.Message;
        }
        if (problem is null)
            report.LeftOut($"{Vocabulary} and {Merges} beside the checkpoint: {Tokenizer} says it all");
        else
            report.Warning($"{Vocabulary} and {Merges} beside the checkpoint are not used, and do not agree with {Tokenizer}: {problem}");
    }

    private static string? Difference(DictValue other, DictValue own, DictValue json)
    {
        var added = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (DictValue token in (json.Get<ListValue>("added_tokens")?.Items ?? []).OfType<DictValue>())
            added.TryAdd(token.Get<TextValue>("content")!.Value, token.Get<IntegerValue>("id")!.Value);
        foreach ((Value key, Value value) in other.Items)
        {
            string token = ((TextValue)key).Value;   // JSON has no other keys
            long? id = own.Get<IntegerValue>(token)?.Value ?? (added.TryGetValue(token, out long special) ? special : null);
            if (value is not IntegerValue stated || stated.Value != id)
                return $"{Printable.Quote(token)} has other ids";
        }
        return null;
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
