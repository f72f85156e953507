using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Families;

/// <summary>Karpathy's nanoGPT: <c>ckpt.pt</c> as its train.py writes it.</summary>
/// <remarks>
/// github.com/karpathy/nanoGPT, train.py and model.py. A character model's vocabulary is in <c>meta.pkl</c>, which its data script
/// leaves in the data folder; people keep it beside the checkpoint.
/// </remarks>
internal sealed class NanoGpt : IFamily
{
    private const string Arguments = "model_args", Meta = "meta.pkl";

    private static readonly string[] Fields = ["n_layer", "n_head", "n_embd", "block_size"];

    private static readonly GptNames Names = new()
    {
        Prefix = "transformer.",
        TokenEmbedding = ["wte"],
        PositionEmbedding = ["wpe"],
        Blocks = ["h"],
        AttentionNorm = ["ln_1"],
        FusedQkv = ["attn.c_attn"],
        Projection = ["attn.c_proj"],
        MlpNorm = ["ln_2"],
        MlpUp = ["mlp.c_fc"],
        MlpDown = ["mlp.c_proj"],
        FinalNorm = ["ln_f"],
        Head = ["lm_head"],
        Masks = ["attn.bias"],
    };

    public string Name => "nanoGPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        var root = checkpoint.Root as DictValue;
        DictValue? arguments = root?.Get<DictValue>(Arguments), model = root?.Get<DictValue>("model");
        if (arguments is null || model is null)
            return null;
        string[] fields = [.. Fields.Where(field => arguments.TryGet(field, out _))];
        int names = StateDict.Contains(model, "transformer.wte.weight") ? 1 : 0;
        return fields.Length == 0 ? null : new Recognition(fields.Length + names,
            $"{Arguments} with {string.Join(", ", fields)}{(names > 0 ? "; a tensor transformer.wte.weight" : "")}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        var config = new ConfigReader(root.Get<DictValue>(Arguments)!, Arguments);
        int heads = config.RequiredSize("n_head");
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(root.Get<DictValue>("model")!, Names.Prefix, report), Names, report);
        config.Expect(gpt.LayerCount, "the number of layers", "n_layer");
        config.Expect(gpt.EmbeddingDim, "transformer.wte.weight", "n_embd");
        config.Expect(gpt.ContextLength, "transformer.wpe.weight", "block_size");
        config.Expect(gpt.VocabSize, "transformer.wte.weight", "vocab_size");
        bool? bias = config.Flag("bias");
        if (bias is { } stated && stated != gpt.QkvBias)
            throw new CheckpointException($"{Arguments} says bias = {stated}, but the state dict has {(gpt.QkvBias ? "biases" : "none")}");
        config.WarnUnread(report, "dropout");
        heads = HeadChoice.FromConfig(options, heads, "n_head", gpt.EmbeddingDim);
        ActivationKind activation = ChooseActivation(options, hasBiasField: bias is not null, report);
        Leftovers.Report(root, [Arguments, "model"], report);

        return new FamilyModel
        {
            Config = gpt.ToConfig(heads, activation),
            Tensors = gpt.Sources,
            Vocabulary = () => FindVocabulary(checkpoint, gpt.VocabSize, report),
            VocabularyPath = checkpoint.Folder.Find(Meta),
            Generation = StartWithNewLine,
        };
    }

    private static ActivationKind ChooseActivation(GivenOptions options, bool hasBiasField, Report report) => hasBiasField
        ? ActivationChoice.Choose(options, stated: null, ActivationKind.GeluErf,
            "nn.GELU() in nanoGPT's model.py; the file does not say (nanoGPT before June 2023: --activation gelu-tanh)", report)
        : ActivationChoice.Choose(options, stated: null, ActivationKind.GeluTanh,
            $"{Arguments} has no field bias, so the file is older than that (January 2023), when model.py had the tanh form", report);

    private static TokenizerData? FindVocabulary(Checkpoint checkpoint, int vocabSize, Report report)
    {
        if (checkpoint.Folder.Find(Meta) is { } path)
        {
            TokenizerData characters = VocabularyFile.Read(path, int.MaxValue);
            if (characters.TokenCount != vocabSize)
            {
                throw new CheckpointException($"{Meta} beside the checkpoint has {VocabularyFile.Describe(characters)}, the model "
                    + $"{Printable.Count(vocabSize, "token")}: it may belong to another model; say which vocabulary to use with --vocab FILE");
            }
            report.Found($"vocabulary: {VocabularyFile.Describe(characters)} from {Meta} beside the checkpoint");
            return characters;
        }
        return Gpt2Vocabularies.ForSize(vocabSize, report);
    }

    // sample.py begins with "\n" when it is not told how.
    private static GenerationDefaults StartWithNewLine(TokenizerData? vocabulary)
    {
        if (vocabulary is null)
            return new GenerationDefaults();
        try
        {
            return new GenerationDefaults { StartToken = TokenizerFactory.Create(vocabulary).Encode("\n") is [int id] ? id : null };
        }
        catch (UnknownTextException)
        {
            return new GenerationDefaults();
        }
    }
}
