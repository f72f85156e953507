using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>
/// Reads Hugging Face's <c>tokenizer.json</c> where it describes GPT-2's algorithm, and says what it describes where it does not.
/// </summary>
/// <remarks>github.com/huggingface/tokenizers: the serialised form of Tokenizer, BPE, ByteLevel and AddedToken.</remarks>
internal static class TokenizerJson
{
    private const string WithoutFlags = "give the vocabulary with --vocab FILE, without these settings";

    // Settings of the model that change ids; each with the values that do not.
    private static readonly string[] MustBeOff = ["byte_fallback", "ignore_merges"];
    private static readonly string[] MustBeEmpty = ["continuing_subword_prefix", "end_of_word_suffix"];

    /// <summary>Whether a JSON object is one, by its parts.</summary>
    public static bool IsOne(DictValue root) => root.Get<DictValue>("model") is not null && root.TryGet("added_tokens", out _);

    /// <summary>Makes the tables.</summary>
    /// <param name="root">What the file holds.</param>
    /// <param name="vocabSize">V of the model.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <param name="report">Gets what of it is not used.</param>
    /// <exception cref="CheckpointException">It is damaged, or its ids would not be those of GPT-2's algorithm.</exception>
    public static TokenizerData Read(DictValue root, int vocabSize, string source, Report report)
    {
        DictValue model = root.Get<DictValue>("model") ?? throw new CheckpointException($"{source} has no object 'model'");
        RequireBpe(model, source);
        RequireNone(root, "normalizer", source);
        RequireByteLevel(root, source);
        if (root.Get<DictValue>("post_processor") is { } after && TypeOf(after) != "ByteLevel")
            report.Warning($"{source}: the post-processor {Printable.Quote(TypeOf(after))} adds tokens around a text; a prompt is encoded without them");

        if (model.Get<DictValue>("vocab") is not { } vocabulary)
            throw new CheckpointException($"{source}: the model has no object 'vocab'");
        if (model.Get<ListValue>("merges") is not { } merges)
            throw new CheckpointException($"{source}: the model has no list 'merges'");
        return ByteLevelBpe.Create(vocabulary, [.. merges.Items.Select((merge, i) => Merge(merge, i, source))],
            ReadAdded(root, vocabSize, source, report), vocabSize, source);
    }

    private static void RequireBpe(DictValue model, string source)
    {
        if (TypeOf(model) is not ("BPE" or "")) // files of old versions do not say
            throw Other(source, $"the model is {Printable.Quote(TypeOf(model))}; only byte-level 'BPE' is converted");
        foreach (string name in MustBeOff)
        {
            if (model.TryGet(name, out Value? value) && value is not NoneValue && value != BoolValue.False)
                throw Other(source, $"the model has the setting {name}, with which ids are not those of GPT-2's algorithm");
        }
        foreach (string name in MustBeEmpty)
        {
            if (model.TryGet(name, out Value? value) && value is not (NoneValue or TextValue { Value: "" }))
                throw Other(source, $"the model has the setting {name}, with which ids are not those of GPT-2's algorithm");
        }
        if (model.TryGet("dropout", out Value? dropout) && dropout is not (NoneValue or RealValue { Value: 0 } or IntegerValue { Value: 0 }))
            throw Other(source, "the model has a dropout, with which ids are random");
    }

    private static void RequireByteLevel(DictValue root, string source)
    {
        DictValue? first = root.Get<DictValue>("pre_tokenizer");
        if (first is not null && TypeOf(first) == "Sequence" && first.Get<ListValue>("pretokenizers") is { Items: [DictValue only] })
            first = only;
        string type = first is null ? "none" : TypeOf(first);
        if (type != "ByteLevel")
            throw Other(source, $"the pre-tokenizer is {Printable.Quote(type)}; only 'ByteLevel', which is GPT-2's, is converted");
        if (first!.TryGet("use_regex", out Value? regex) && regex != BoolValue.True)
            throw Other(source, "the pre-tokenizer does not cut text with GPT-2's expression (use_regex is not true)");
        if (!first.TryGet("add_prefix_space", out Value? space) || space != BoolValue.False)
        {
            throw new CheckpointException($"{source}: the pre-tokenizer puts a space before every text (add_prefix_space is not false); "
                + "give vocab.json with --vocab, and begin prompts with a space");
        }
    }

    private static void RequireNone(DictValue root, string part, string source)
    {
        if (!root.TryGet(part, out Value? value) || value is NoneValue || value is DictValue sequence && sequence.Get<ListValue>("normalizers") is { Items: [] })
            return;
        throw Other(source, $"the {part} {Printable.Quote(value is DictValue named ? TypeOf(named) : value.Kind)} changes text before it is encoded");
    }

    private static (string Left, string Right) Merge(Value merge, int index, string source) => merge switch
    {
        TextValue text => MergesText.Split(text.Value, $"{source}: merge {index}"),
        ListValue { Items: [TextValue left, TextValue right] } => (left.Value, right.Value),
        _ => throw new CheckpointException($"{source}: merge {index} is {merge.Kind}; a string or a pair of strings was needed"),
    };

    private static Dictionary<string, int> ReadAdded(DictValue root, int vocabSize, string source, Report report)
    {
        var added = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (Value item in root.Get<ListValue>("added_tokens")?.Items ?? [])
        {
            if (item is not DictValue token || token.Get<TextValue>("content") is not { Value.Length: > 0 } content
                || token.Get<IntegerValue>("id") is not { Value: >= 0 } id)
            {
                throw new CheckpointException($"{source}: added token {added.Count} is {item.Kind} without content and id");
            }
            string name = Printable.Quote(content.Value);
            if (id.Value >= vocabSize)
                report.LeftOut($"{source}: the added token {name} has the id {id.Value}, which the model with {vocabSize} tokens does not have");
            else if (!added.TryAdd(content.Value, (int)id.Value))
                throw new CheckpointException($"{source}: the added token {name} is there twice");
            if (((string[])["single_word", "lstrip", "rstrip"]).Any(flag => token.Get<BoolValue>(flag) == BoolValue.True))
                report.Warning($"{source}: the added token {name} takes white space beside it away; here it does not");
        }
        return added;
    }

    private static string TypeOf(DictValue part) => part.Get<TextValue>("type")?.Value ?? "";

    private static CheckpointException Other(string source, string what) => new($"{source}: {what}; {WithoutFlags}");
}
