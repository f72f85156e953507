using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>The vocabulary that training codes put into the checkpoint itself, under the names that are usual.</summary>
/// <remarks>
/// myGPT: <c>tokenizer_chars</c>, or <c>tokenizer_state</c> with <c>chars</c> and perhaps <c>merges</c>. microgpt: <c>uchars</c> and
/// <c>bos</c>. Lecture codes: <c>stoi</c>, <c>itos</c>, <c>chars</c>, <c>characters</c>, <c>vocab</c>.
/// </remarks>
internal static class CheckpointVocabulary
{
    private const string BeginOfSequence = "<BOS>";

    private static readonly string[] Holders = ["tokenizer_state", "tokenizer", "meta"];

    private static readonly string[] Lists = ["tokenizer_chars", "chars", "characters", "uchars", "vocab"];

    /// <summary>The keys of a checkpoint that may hold a vocabulary.</summary>
    public static IReadOnlyList<string> Keys { get; } = [.. Holders, .. Lists, "merges", "bos", "stoi", "itos"];

    /// <summary>Looks in the root of a checkpoint, and in the dictionaries in it that hold a tokenizer.</summary>
    /// <param name="root">The root.</param>
    /// <param name="vocabSize">V of the model.</param>
    /// <param name="report">Gets what was found.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="CheckpointException">One is there, and it is damaged or of another model.</exception>
    public static TokenizerData? Find(DictValue root, int vocabSize, Report report)
    {
        foreach (string holder in (string[])["", .. Holders])
        {
            DictValue? dictionary = holder.Length == 0 ? root : root.Get<DictValue>(holder);
            if (dictionary is null || Read(dictionary, vocabSize, holder, out string field) is not { } vocabulary)
                continue;
            report.Found($"vocabulary: {VocabularyFile.Describe(vocabulary)} from {field} in the checkpoint");
            return vocabulary;
        }
        return null;
    }

    /// <summary>Whether a checkpoint has a vocabulary, be it a damaged one.</summary>
    /// <param name="root">The root.</param>
    /// <param name="vocabSize">V of the model.</param>
    public static bool IsIn(DictValue root, int vocabSize)
    {
        try
        {
            return Find(root, vocabSize, new Report()) is not null;
        }
        catch (CheckpointException)
        {
            return true;
        }
    }

    /// <summary>The vocabulary of one dictionary, or null.</summary>
    /// <param name="dictionary">The dictionary.</param>
    /// <param name="vocabSize">V of the model.</param>
    /// <param name="source">What to call it in messages; empty for the root.</param>
    /// <param name="field">Where in it the vocabulary was found.</param>
    /// <exception cref="CheckpointException">It is damaged or of another model.</exception>
    public static TokenizerData? Read(DictValue dictionary, int vocabSize, string source, out string field)
    {
        string prefix = source.Length == 0 ? "" : $"{source}: ";
        if (dictionary.Get<ListValue>("chars") is { } chars && dictionary.Get<ListValue>("merges") is { } merges)
        {
            field = $"{prefix}chars and merges";
            return MyGptBpeVocabulary.Create(chars, merges, vocabSize, field);
        }
        foreach (string name in Lists)
        {
            field = prefix + name;
            if (dictionary.TryGet(name, out Value? value) && Tokens(value, field) is { } tokens)
                return WithBegin(dictionary, Agreed(dictionary, tokens, prefix, field), vocabSize, field);
        }
        field = $"{prefix}stoi and itos";
        return TokenMap.Read(dictionary, field) is { } mapped ? VocabularyTable.Create(mapped, vocabSize, field) : null;
    }

    // Where a map has more tokens than the list, the list is what the map was made from.
    private static string[] Agreed(DictValue dictionary, string[] tokens, string prefix, string field)
    {
        if (TokenMap.Read(dictionary, prefix + "stoi and itos") is not { } mapped)
            return tokens;
        return mapped.AsSpan().StartsWith(tokens) ? mapped : throw new CheckpointException(
            $"{field} and {prefix}stoi and itos give tokens different ids; say which are right with --vocab FILE");
    }

    // A list of strings, one string of characters, or a map; anything else under these names is something else.
    private static string[]? Tokens(Value value, string source) => value switch
    {
        ListValue { Items: [TextValue, ..] } list => VocabularyTable.Texts(list, source),
        TextValue text => [.. text.Value.EnumerateRunes().Select(rune => rune.ToString())],
        DictValue { Items: [_, ..] } map => TokenMap.ReadOne(map, source),
        _ => null,
    };

    private static TokenizerData WithBegin(DictValue dictionary, string[] tokens, int vocabSize, string source)
    {
        if (dictionary.Get<IntegerValue>("bos") is not { } bos)
            return VocabularyTable.Create(tokens, vocabSize, source);
        if (bos.Value != tokens.Length)
            throw new CheckpointException($"bos is {bos.Value}; {tokens.Length}, the first id after those of {source}, was needed");
        VocabularyTable.RequireCharacters(tokens, source);
        VocabularyTable.CheckCount(tokens.Length + 1, vocabSize, $"{source} with bos");
        var specials = new Dictionary<string, int> { [BeginOfSequence] = tokens.Length };
        return VocabularyTable.Check(() => TokenizerDataBuilder.Characters([.. tokens, ""], specials), source); // without text: never printed
    }
}
