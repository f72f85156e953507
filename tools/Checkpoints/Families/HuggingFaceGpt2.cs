using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// GPT-2 as Hugging Face's transformers saves it: a state dict whose linear layers are Conv1D, stored (in, out), with config.json and
/// the vocabulary beside it. Names begin with <c>transformer.</c> or do not: both were published.
/// </summary>
/// <remarks>
/// github.com/huggingface/transformers, models/gpt2/modeling_gpt2.py and configuration_gpt2.py, whose defaults a config may leave out.
/// </remarks>
internal sealed class HuggingFaceGpt2 : IFamily
{
    private const string ConfigName = "config.json", ModelType = "model_type", Gpt2 = "gpt2", Head = "lm_head.weight",
        Tied = "tie_word_embeddings";

    private const int DefaultHeads = 12, HiddenPerWidth = 4;

    private static readonly string[] Prefixes = ["transformer.", ""];

    private static readonly GptNames Names = Gpt2Names.All with { TransposedBlocks = true };

    private static readonly HeadFields HeadFields = new() { Count = ["n_head", "num_attention_heads"] };

    // Training, other tasks, bookkeeping; and reorder_and_upcast_attn, which scales before the product and not after.
    private static readonly string[] Harmless =
    [
        "architectures", "attn_pdrop", "embd_pdrop", "resid_pdrop", "initializer_range", "n_ctx", "torch_dtype", "dtype",
        "transformers_version", "use_cache", "gradient_checkpointing", "reorder_and_upcast_attn", "task_specific_params", "_name_or_path",
        "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj", "output_past",
        "pad_token_id", "bos_token_id", "eos_token_id", "_num_labels", "id2label", "label2id", "is_encoder_decoder", "is_decoder",
    ];

    public string Name => "Hugging Face GPT-2";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        string? type = ReadConfig(checkpoint)?.Get<TextValue>(ModelType)?.Value;
        string stated = $"{ConfigName} beside it says {ModelType} {Printable.Quote(type ?? "")}";
        // Another type is recognised too, to be refused by name: nobody knows more about it than its own config.
        if (type is not (null or Gpt2))
            return Recognition.Of(names: 4, fields: 0, stated);
        if (Prefixes.FirstOrDefault(prefix => IsConv1D(state, prefix)) is not { } found)
            return null;
        string tensors = $"a state dict with {found}wte.weight, and {found}h.0.attn.c_attn.weight as (in, out)";
        return type is null ? Recognition.Of(names: 2, fields: 0, tensors) : Recognition.Of(names: 2, fields: 1, $"{tensors}; {stated}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue state = StateDict.Find(root)!;
        DictValue? fields = ReadConfig(checkpoint);
        ConfigReader? config = fields is null ? null : new ConfigReader(fields, ConfigName);
        if (config is not null)
        {
            RefuseOthers(config);
            ConfigVariants.Refuse(fields!, ConfigName);
        }
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(state, Names.Prefix, report), Names, report);
        if (config is not null)
            Check(config, gpt, hasHead: StateDict.Contains(state, Head));
        string silent = config is null ? "there is no config.json that says it" : "config.json does not say it";
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(config, HeadFields, Published(gpt.EmbeddingDim, config is not null)),
            ContextLength = new PositionChoice(options, gpt, report)
                .Choose(config, ["n_positions", "max_position_embeddings", "n_ctx"], []).ContextLength,
            NormEpsilon = NormChoice.Epsilon(options, config?.Positive("layer_norm_epsilon"), $"GPT2Config's default; {silent}", report),
            Activation = ActivationChoice.Choose(options, config?.Text("activation_function"), ActivationKind.GeluTanh,
                $"gelu_new is GPT2Config's default; {silent}", report),
        };
        config?.WarnUnread(report, Harmless);
        if (!ReferenceEquals(state, root))
            Leftovers.Report(root, [StateDict.KeyOf(root)], report);

        GenerationDefaults generation = fields is null ? new GenerationDefaults() : ReadGeneration(fields, gpt.VocabSize, report);
        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => VocabularySearch.Find(checkpoint, gpt.VocabSize, report),
            Generation = _ => generation,
        };
    }

    // Only a bare state dict is the kind of file that config.json is written for.
    private static DictValue? ReadConfig(Checkpoint checkpoint)
    {
        if (!ReferenceEquals(StateDict.Find(checkpoint.Root), checkpoint.Root) || checkpoint.Folder.ReadJson(ConfigName) is not { } json)
            return null;
        return json as DictValue ?? throw new CheckpointException($"{ConfigName} beside the checkpoint holds {json.Kind}; an object was needed");
    }

    private static bool IsConv1D(DictValue state, string prefix) => StateDict.Contains(state, $"{prefix}wte.weight")
        && StateDict.Get(state, $"{prefix}h.0.attn.c_attn.weight") is { Shape: [long rows, long columns] } && columns > rows;

    private static void RefuseOthers(ConfigReader config)
    {
        if (config.Text(ModelType) is { } type && type != Gpt2)
        {
            throw new CheckpointException($"{ConfigName} beside the checkpoint says {ModelType} = {Printable.Quote(type)}, a model that is not "
                + $"converted; of transformers' models {Gpt2} is (if {ConfigName} belongs to another model, move it away)");
        }
    }

    private static void Check(ConfigReader config, AssembledGpt gpt, bool hasHead)
    {
        config.Expect(gpt.LayerCount, "the number of layers", "n_layer", "num_hidden_layers");
        config.Expect(gpt.EmbeddingDim, "wte.weight", "n_embd", "hidden_size");
        config.Expect(gpt.VocabSize, "wte.weight", "vocab_size");
        config.Expect(gpt.MlpDim, "the MLP's first matrix", "n_inner");
        if (config.Size("n_inner") is null && gpt.MlpDim != (long)HiddenPerWidth * gpt.EmbeddingDim)
        {
            throw new CheckpointException($"{ConfigName} says no n_inner, which means {HiddenPerWidth} x the width {gpt.EmbeddingDim}, "
                + $"but the MLP's first matrix says {gpt.MlpDim}");
        }
        bool? tied = config.Flag(Tied);
        if (tied != false && !gpt.TiedHead)
        {
            string says = tied is null ? $"no {Tied}, which means True (GPT2Config's default)" : $"{Tied} = True";
            throw new CheckpointException($"{ConfigName} says {says}, but {Head} and wte.weight differ");
        }
        if (tied == false && !hasHead)
            throw new CheckpointException($"{ConfigName} says {Tied} = False, but there is no {Head}");
    }

    private static (int Heads, string Reason)? Published(int width, bool hasConfig)
    {
        if (hasConfig)
            return (DefaultHeads, "GPT2Config's default; config.json does not say");
        return PublishedSizes.Gpt2Heads(width) is { } heads
            ? (heads, $"GPT-2's model of width {width} has that many; there is no config.json that says it") : null;
    }

    private static GenerationDefaults ReadGeneration(DictValue config, int vocabSize, Report report)
    {
        var defaults = new GenerationDefaults { StartToken = ReadToken("bos_token_id"), EndToken = ReadToken("eos_token_id") };
        if (defaults.StartToken is { } start)
            report.Found($"a text without a prompt begins with token {start}: {ConfigName} says bos_token_id");
        if (defaults.EndToken is { } end)
            report.Found($"a text ends with token {end}: {ConfigName} says eos_token_id");
        return defaults;

        int? ReadToken(string field)
        {
            if (!config.TryGet(field, out Value? value) || value is NoneValue)
                return null;
            if (value is IntegerValue { Value: var id } && id >= 0 && id < vocabSize)
                return (int)id;
            string found = value is IntegerValue other ? $"{other.Value}" : value.Kind;
            report.Warning($"{ConfigName} says {field} is {found}, which is no token of the model (0 to {vocabSize - 1}); it is not used");
            return null;
        }
    }
}
