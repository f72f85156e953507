using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// The myGPT tutorial: the bare state dict of its chapter 15, and the checkpoints with config and characters from chapter 17 on.
/// </summary>
/// <remarks>
/// github.com/egde/mygpt. Its config grew: norm_type, position_type, num_kv_heads and tokenizer_kind came later, and a checkpoint
/// without them has LayerNorm, learned positions, as many key/value heads as heads, and characters.
/// </remarks>
internal sealed class MyGptTutorial : IFamily
{
    private const string Config = "config", Model = "model_state_dict", Characters = "tokenizer_chars",
        TokenizerKind = "tokenizer_kind", TokenizerState = "tokenizer_state";

    private static readonly string[] Fields = ["embed_dim", "num_heads", "num_layers", "max_seq_len"];

    private static readonly string[] Telling = ["token_embedding.embedding.weight", "blocks.0.mha.W_Q.weight"];

    private static readonly HeadFields HeadFields = new() { Count = ["num_heads"], KvCount = ["num_kv_heads"] };

    private static readonly GptNames Names = new()
    {
        TokenEmbedding = ["token_embedding.embedding"],
        PositionEmbedding = ["position_embedding"],
        Blocks = ["blocks."],
        AttentionNorm = ["ln1"],
        Query = ["mha.W_Q"],
        Key = ["mha.W_K"],
        Value = ["mha.W_V"],
        Projection = ["mha.W_O"],
        MlpNorm = ["ln2"],
        MlpUp = ["mlp.fc1"],
        MlpDown = ["mlp.fc2"],
        FinalNorm = ["ln_f"],
    };

    public string Name => "myGPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (checkpoint.Root is not DictValue root)
            return null;
        DictValue? config = root.Get<DictValue>(Config), model = root.Get<DictValue>(Model);
        string[] fields = [.. Fields.Where(field => config?.TryGet(field, out _) == true)];
        string[] names = [.. Telling.Where(name => StateDict.Contains(model ?? root, name))];
        if (names.Length == 0)
            return null;
        string tensors = $"the tensors {string.Join(", ", names)}";
        return fields.Length > 0 && model is not null
            ? Recognition.Of(names.Length, fields.Length, $"a config with {string.Join(", ", fields)}; {tensors}")
            : Recognition.Of(names.Length, fields: 0, $"a bare state dict with {tensors}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue model = root.Get<DictValue>(Model) ?? root;
        ConfigReader? config = root.Get<DictValue>(Config) is { } stated ? new ConfigReader(stated, Config) : null;
        config?.RequiredSize(HeadFields.Count);
        bool rotary = IsRotary(config, model);
        GptNames names = rotary ? Names with { PositionEmbedding = [] } : Names;
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(model, names.Prefix, report), names, report);
        Positions positions = new PositionChoice(options, gpt, report).Choose(config, ["max_seq_len"], [],
            rotary ? (PositionKind.RotaryPairs, "the tutorial's apply_rope rotates even and odd neighbours") : null);
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(config, HeadFields),
            ContextLength = positions.ContextLength,
            Position = positions.Kind,
            RotaryBase = positions.RotaryBase,
            Norm = ChooseNorm(options, config, gpt, report),
            NormEpsilon = NormChoice.Epsilon(options, stated: null, "both norms of the tutorial add it; the file does not say", report),
            Activation = ActivationChoice.Choose(options, stated: null, ActivationKind.GeluErf,
                "nn.GELU() in the tutorial's model.py; the file does not say", report),
        };
        config?.Expect(gpt.LayerCount, "the number of layers", "num_layers");
        config?.Expect(gpt.EmbeddingDim, "token_embedding.embedding.weight", "embed_dim");
        config?.Expect(gpt.VocabSize, "token_embedding.embedding.weight", "vocab_size");
        config?.WarnUnread(report, TokenizerKind, "dropout");
        if (!ReferenceEquals(model, root))
            Leftovers.Report(root, [Config, Model, Characters, TokenizerKind, TokenizerState], report);

        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => FindVocabulary(root, gpt.VocabSize, report),
        };
    }

    private static bool IsRotary(ConfigReader? config, DictValue model) => config?.Text("position_type") switch
    {
        null => !StateDict.Contains(model, "position_embedding.weight") && StateDict.Contains(model, "blocks.0.mha.rope_cos"),
        "learned" => false,
        "rope" => true,
        string other => throw new CheckpointException($"{Config} says position_type = {Printable.Quote(other)}; 'learned' and 'rope' are known"),
    };

    // The tutorial's RMSNorm has no bias, its LayerNorm has one.
    private static NormKind ChooseNorm(GivenOptions options, ConfigReader? config, AssembledGpt gpt, Report report)
    {
        string? stated = config?.Text("norm_type");
        if (stated is null && options.Norm is { } chosen && (chosen == NormKind.LayerNorm) != gpt.NormBias)
        {
            throw new OptionException("--norm", "--norm contradicts the checkpoint, whose norms have "
                + $"{(gpt.NormBias ? "biases, as the tutorial's LayerNorm" : "no biases, as the tutorial's RMSNorm")}; leave the option out");
        }
        NormKind norm = NormChoice.Kind(options, stated, gpt.NormBias ? NormKind.LayerNorm : NormKind.RmsNorm,
            gpt.NormBias ? "the norms have biases" : "the norms have no biases, which the tutorial's LayerNorm has", report);
        return (norm == NormKind.LayerNorm) == gpt.NormBias ? norm : throw new CheckpointException(
            $"{Config} says norm_type = {stated}, but the norms have {(gpt.NormBias ? "biases" : "none")}");
    }

    private static TokenizerData? FindVocabulary(DictValue root, int vocabSize, Report report)
    {
        DictValue? state = root.Get<DictValue>(TokenizerState);
        Value? kind = root.TryGet(TokenizerKind, out Value? stated) ? stated : null;
        TokenizerData? vocabulary = kind switch
        {
            null or NoneValue or TextValue { Value: "char" } => FindCharacters(state?.Get<ListValue>("chars") ?? root.Get<ListValue>(Characters), vocabSize),
            TextValue { Value: "bpe" } => FindMerges(state, vocabSize),
            TextValue text => throw UnknownKind(Printable.Quote(text.Value)),
            _ => throw UnknownKind(kind.Kind),
        };
        if (vocabulary is not null)
            report.Found($"vocabulary: {VocabularyFile.Describe(vocabulary)} in the checkpoint");
        return vocabulary;
    }

    private static TokenizerData? FindCharacters(ListValue? list, int vocabSize) =>
        list is null ? null : VocabularyTable.Characters(VocabularyTable.Texts(list, Characters), vocabSize, Characters);

    private static TokenizerData FindMerges(DictValue? state, int vocabSize) =>
        state?.Get<ListValue>("chars") is { } chars && state.Get<ListValue>("merges") is { } merges
            ? MyGptBpeVocabulary.Create(chars, merges, vocabSize, TokenizerState)
            : throw new CheckpointException($"{TokenizerKind} is 'bpe', but {TokenizerState} has no lists chars and merges");

    private static CheckpointException UnknownKind(string found) => new($"{TokenizerKind} is {found}; 'char' and 'bpe' are known");
}
