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

    private static readonly GptNames Names = new()
    {
        TokenEmbedding = ["token_embedding.embedding"],
        PositionEmbedding = ["position_embedding"],
        Blocks = ["blocks"],
        AttentionNorm = ["ln1"],
        Query = ["mha.W_Q"],
        Key = ["mha.W_K"],
        Value = ["mha.W_V"],
        Projection = ["mha.W_O"],
        MlpNorm = ["ln2"],
        MlpUp = ["mlp.fc1"],
        MlpDown = ["mlp.fc2"],
        FinalNorm = ["ln_f"],
        Masks = ["mha.causal_mask"],
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
            ? new Recognition(fields.Length + names.Length, $"a config with {string.Join(", ", fields)}; {tensors}")
            : new Recognition(names.Length, $"a bare state dict with {tensors}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue model = root.Get<DictValue>(Model) ?? root;
        ConfigReader? config = root.Get<DictValue>(Config) is { } stated ? new ConfigReader(stated, Config) : null;
        if (config is not null)
            RefuseVariants(config);
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(model, Names.Prefix, report), Names, report);
        int heads = config is null ? HeadChoice.FromOption(options, gpt.EmbeddingDim, report) : CheckConfig(config, gpt, options, report);
        ActivationKind activation = ActivationChoice.Choose(options, stated: null, ActivationKind.GeluErf,
            "nn.GELU() in the tutorial's model.py; the file does not say", report);
        if (!ReferenceEquals(model, root))
            Leftovers.Report(root, [Config, Model, Characters, TokenizerKind, TokenizerState], report);

        return new FamilyModel
        {
            Config = gpt.ToConfig(heads, activation),
            Tensors = gpt.Sources,
            Vocabulary = () => FindVocabulary(root, gpt.VocabSize, report),
        };
    }

    private static void RefuseVariants(ConfigReader config)
    {
        RefuseOther(config, "norm_type", "layer");
        RefuseOther(config, "position_type", "learned");
        int heads = config.RequiredSize("num_heads");
        if (config.Size("num_kv_heads") is { } keyValueHeads && keyValueHeads != heads)
        {
            throw new CheckpointException($"{Config} says num_kv_heads = {keyValueHeads} and num_heads = {heads}; "
                + "fewer key/value heads than heads are not converted yet");
        }
    }

    private static void RefuseOther(ConfigReader config, string field, string converted)
    {
        if (config.Text(field) is { } value && value != converted)
        {
            throw new CheckpointException($"{Config} says {field} = {Printable.Quote(value)}, which is not converted yet; "
                + $"{Printable.Quote(converted)} is");
        }
    }

    private static int CheckConfig(ConfigReader config, AssembledGpt gpt, GivenOptions options, Report report)
    {
        config.Expect(gpt.LayerCount, "the number of layers", "num_layers");
        config.Expect(gpt.EmbeddingDim, "token_embedding.embedding.weight", "embed_dim");
        config.Expect(gpt.ContextLength, "position_embedding.weight", "max_seq_len");
        config.Expect(gpt.VocabSize, "token_embedding.embedding.weight", "vocab_size");
        int heads = config.RequiredSize("num_heads");
        config.WarnUnread(report, TokenizerKind, "dropout");
        return HeadChoice.FromConfig(options, heads, "num_heads", gpt.EmbeddingDim);
    }

    private static TokenizerData? FindVocabulary(DictValue root, int vocabSize, Report report)
    {
        if (root.TryGet(TokenizerKind, out Value? kind) && kind is not (TextValue { Value: "char" } or NoneValue))
        {
            string named = kind is TextValue text ? Printable.Quote(text.Value) : kind.Kind;
            throw new CheckpointException($"{TokenizerKind} is {named}, which is not converted yet; 'char' is");
        }
        Value? characters = root.Get<DictValue>(TokenizerState)?.Get<ListValue>("chars") ?? root.Get<ListValue>(Characters);
        if (characters is not ListValue list)
            return null;
        TokenizerData vocabulary = VocabularyTable.Characters(VocabularyTable.Texts(list, Characters), vocabSize, Characters);
        report.Found($"vocabulary: {VocabularyFile.Describe(vocabulary)} in the checkpoint");
        return vocabulary;
    }
}
