using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Karpathy's minGPT: <c>model.pt</c>, a bare state dict with an untied head. Since 2022 its names are GPT-2's; before that each block
/// had key, query and value apart and the position embedding was a parameter of (1, T_max, C).
/// </summary>
/// <remarks>github.com/karpathy/minGPT, mingpt/model.py. Its linear layers are (out, in), unlike Hugging Face's, which have the same names.</remarks>
internal sealed class MinGpt : IFamily
{
    private const string FusedQkv = "transformer.h.0.attn.c_attn.weight", OldQuery = "blocks.0.attn.query.weight", OldPositions = "pos_emb",
        OldMlp = "blocks.0.mlp.0.weight", Tokens = "transformer.wte.weight", Head = "lm_head.weight";

    private static readonly GptNames NewNames = new()
    {
        Prefix = "transformer.",
        TokenEmbedding = ["wte"],
        PositionEmbedding = ["wpe"],
        Blocks = ["h."],
        AttentionNorm = ["ln_1"],
        FusedQkv = ["attn.c_attn"],
        Projection = ["attn.c_proj"],
        MlpNorm = ["ln_2"],
        MlpUp = ["mlp.c_fc"],
        MlpDown = ["mlp.c_proj"],
        FinalNorm = ["ln_f"],
        Head = ["lm_head"],
    };

    private static readonly GptNames OldNames = new()
    {
        TokenEmbedding = ["tok_emb"],
        PositionEmbedding = ["pos_emb"],
        Blocks = ["blocks."],
        AttentionNorm = ["ln1"],
        Query = ["attn.query"],
        Key = ["attn.key"],
        Value = ["attn.value"],
        Projection = ["attn.proj"],
        MlpNorm = ["ln2"],
        MlpUp = ["mlp.0"],
        MlpDown = ["mlp.2"],
        FinalNorm = ["ln_f"],
        Head = ["head"],
    };

    // model_type in mingpt/model.py: (layers, width) to heads.
    private static readonly Dictionary<(int Layers, int Width), (string Type, int Heads)> Types = new()
    {
        [(12, 768)] = ("gpt2", 12),
        [(24, 1024)] = ("gpt2-medium", 16),
        [(36, 1280)] = ("gpt2-large", 20),
        [(48, 1600)] = ("gpt2-xl", 25),
        [(8, 512)] = ("gopher-44m", 16),
        [(6, 192)] = ("gpt-mini", 6),
        [(4, 128)] = ("gpt-micro", 4),
        [(3, 48)] = ("gpt-nano", 3),
    };

    public string Name => "minGPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        if (IsOld(state))
            return new Recognition(3, $"a state dict with {OldQuery}, {OldMlp} and the parameter {OldPositions}");
        // The same names as nanoGPT's and Hugging Face's: the former ties the head, the latter stores c_attn as (in, out).
        bool isUntied = StateDict.Get(state, Head) is { } head && StateDict.Get(state, Tokens) is { } tokens
            && !(ReferenceEquals(head.Storage, tokens.Storage) && head.Offset == tokens.Offset);
        return isUntied && StateDict.Get(state, FusedQkv) is { Shape: [long rows, long columns] } && rows > columns
            ? new Recognition(3, $"a state dict with {Tokens}, {FusedQkv} as (out, in), and {Head} of its own") : null;
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue state = StateDict.Find(root)!;
        bool old = IsOld(state);
        GptNames names = old ? OldNames : NewNames;
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(state, names.Prefix, report), names, report);
        report.Assumed("norm epsilon 1e-5: the default of nn.LayerNorm");
        (int Heads, string Reason)? published = !old && Types.TryGetValue((gpt.LayerCount, gpt.EmbeddingDim), out (string Type, int Heads) type)
            ? (type.Heads, $"{type.Type} of minGPT has {gpt.LayerCount} layers of that width; the file does not say") : null;
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(config: null, PlainNames.HeadFields, published),
            ContextLength = new PositionChoice(options, gpt, report).Choose(config: null, [], []).ContextLength,
            Activation = ActivationChoice.Choose(options, stated: null, old ? ActivationKind.GeluErf : ActivationKind.GeluTanh,
                old ? "nn.GELU() in minGPT before 2022; the file does not say" : "NewGELU in minGPT's model.py; the file does not say", report),
        };
        if (!ReferenceEquals(state, root))
            Leftovers.Report(root, [StateDict.KeyOf(root)], report);
        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => VocabularySearch.Find(checkpoint, gpt.VocabSize, report),
        };
    }

    private static bool IsOld(DictValue state) =>
        StateDict.Contains(state, OldQuery) && StateDict.Contains(state, OldMlp) && StateDict.Contains(state, OldPositions);
}
