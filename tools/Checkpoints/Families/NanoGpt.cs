using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Karpathy's nanoGPT: <c>ckpt.pt</c> as its train.py writes it, the state dict alone, or what train_gpt2.py of build-nanogpt writes,
/// which has the same names and keeps its config as an object.
/// </summary>
/// <remarks>
/// github.com/karpathy/nanoGPT, train.py and model.py; github.com/karpathy/build-nanogpt. A character model's vocabulary is in <c>meta.pkl</c>, which its data script
/// leaves in the data folder; people keep it beside the checkpoint.
/// </remarks>
internal sealed class NanoGpt : IFamily
{
    private const string Arguments = "model_args", Meta = "meta.pkl";

    private const string FusedQkv = "transformer.h.0.attn.c_attn.weight";

    private static readonly string[] Fields = ["n_layer", "n_head", "n_embd", "block_size"];

    private static readonly string[] Telling = ["transformer.wte.weight", FusedQkv];

    private static readonly HeadFields HeadFields = new() { Count = ["n_head"] };

    private static readonly GptNames Names = Gpt2Names.All;

    public string Name => "nanoGPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        string[] names = [.. Telling.Where(name => StateDict.Contains(state, name))];
        string tensors = $"the tensors {string.Join(", ", names)}";
        if (CheckpointConfig.Find(checkpoint, Fields) is { Key: { Length: > 0 } key } config)
        {
            string[] fields = [.. Fields.Where(field => config.Config.TryGet(field, out _))];
            return key != Arguments && names.Length == 0 ? null : Recognition.Of(
                names.Length, fields.Length, $"{key} with {string.Join(", ", fields)}{(names.Length > 0 ? $"; {tensors}" : "")}");
        }
        // Hugging Face's GPT-2 has the same names and stores c_attn as (in, out).
        return names.Length == Telling.Length && StateDict.Get(state, FusedQkv) is { Shape: [long rows, long columns] } && rows > columns
            ? Recognition.Of(names.Length, fields: 0, $"a state dict with {tensors}, the latter (out, in)") : null;
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue state = StateDict.Find(root)!;
        (DictValue Config, string Key)? found = CheckpointConfig.Find(checkpoint, Fields) is { Key.Length: > 0 } arguments ? arguments : null;
        ConfigReader? config = found is { } stated ? new ConfigReader(stated.Config, stated.Key) : null;
        config?.RequiredSize(HeadFields.Count);
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(state, Names.Prefix, report), Names, report);
        if (config is not null)
            Check(config, found!.Value.Key, gpt);
        bool hasBiasField = config?.Flag("bias") is not null;
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(config, HeadFields, Published(gpt)),
            ContextLength = new PositionChoice(options, gpt, report).Choose(config, ["block_size"], []).ContextLength,
            NormEpsilon = NormChoice.Epsilon(options, stated: null, "nanoGPT's LayerNorm; the file does not say", report),
            Activation = ChooseActivation(options, found?.Key, hasBiasField, report),
        };
        config?.WarnUnread(report, "dropout");
        if (!ReferenceEquals(state, root))
            Leftovers.Report(root, [found?.Key ?? "", StateDict.KeyOf(root), .. CheckpointVocabulary.Keys], report);

        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => FindVocabulary(checkpoint, gpt.VocabSize, report),
            VocabularyPath = checkpoint.Folder.Find(Meta),
            Generation = StartWithNewLine,
        };
    }

    private static void Check(ConfigReader config, string key, AssembledGpt gpt)
    {
        config.Expect(gpt.LayerCount, "the number of layers", "n_layer");
        config.Expect(gpt.EmbeddingDim, "transformer.wte.weight", "n_embd");
        config.Expect(gpt.VocabSize, "transformer.wte.weight", "vocab_size");
        if (config.Flag("bias") is { } stated && stated != gpt.QkvBias)
            throw new CheckpointException($"{key} says bias = {stated}, but the state dict has {(gpt.QkvBias ? "biases" : "none")}");
    }

    private static (int Heads, string Reason)? Published(AssembledGpt gpt) => PublishedSizes.Gpt2Heads(gpt.EmbeddingDim) is { } heads
        ? (heads, $"GPT-2's model of width {gpt.EmbeddingDim} has that many; the file does not say") : null;

    private static ActivationKind ChooseActivation(GivenOptions options, string? key, bool hasBiasField, Report report) => key switch
    {
        Arguments when !hasBiasField => ActivationChoice.Choose(options, stated: null, ActivationKind.GeluTanh,
            $"{Arguments} has no field bias, so the file is older than that (January 2023), when model.py had the tanh form", report),
        _ when hasBiasField || key is null => ActivationChoice.Choose(options, stated: null, ActivationKind.GeluErf,
            "nn.GELU() in nanoGPT's model.py; the file does not say (nanoGPT before June 2023: --activation gelu-tanh)", report),
        _ => ActivationChoice.Choose(options, stated: null, ActivationKind.GeluTanh,
            $"nn.GELU(approximate='tanh') in build-nanogpt, whose train_gpt2.py saves its config under '{key}', without nanoGPT's field bias", report),
    };

    private static TokenizerData? FindVocabulary(Checkpoint checkpoint, int vocabSize, Report report)
    {
        if (CheckpointVocabulary.Find((DictValue)checkpoint.Root, vocabSize, report) is { } own)
            return own;
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
        return VocabularySearch.Find(checkpoint, vocabSize, report);
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
