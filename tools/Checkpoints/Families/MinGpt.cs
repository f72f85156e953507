using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Karpathy's minGPT: <c>model.pt</c>, a bare state dict with an untied head. Since 2022 its names are GPT-2's; before that each block
/// had key, query and value apart and the position embedding was a parameter of (1, T_max, C).
/// </summary>
/// <remarks>github.com/karpathy/minGPT, mingpt/model.py. Its linear layers are (out, in), unlike Hugging Face's, which have the same names.</remarks>
internal sealed class MinGpt : IFamily
{
    private const string Tokens = "transformer.wte.weight", FusedQkv = "transformer.h.0.attn.c_attn.weight",
        Mask = "transformer.h.0.attn.bias", Head = "lm_head.weight";

    private const string OldPositions = "pos_emb", OldQuery = "blocks.0.attn.query.weight", OldMlp = "blocks.0.mlp.0.weight";

    private static readonly GptNames NewNames = Gpt2Names.All with { AbsentHead = AbsentHead.IsMissing };

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
        AbsentHead = AbsentHead.IsMissing,
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

    private static readonly FamilyDefaults NewDefaults = new()
    {
        Activation = (ActivationKind.GeluTanh, "NewGELU in minGPT's model.py; the file does not say"),
        Heads = static gpt => Types.TryGetValue((gpt.LayerCount, gpt.EmbeddingDim), out (string Type, int Heads) type)
            ? (type.Heads, $"{type.Type} of minGPT has {gpt.LayerCount} layers of that width; the file does not say") : null,
    };

    private static readonly FamilyDefaults OldDefaults = new()
    {
        Activation = (ActivationKind.GeluErf, "nn.GELU() in minGPT before 2022; the file does not say"),
    };

    public string Name => "minGPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        if (IsOld(state))
            return Recognition.Of(names: 3, fields: 0, $"a state dict with {OldQuery}, {OldMlp} and the parameter {OldPositions}");
        // The same names as nanoGPT's and Hugging Face's: the former ties the head, the latter stores c_attn as (in, out).
        return StateDict.Contains(state, Mask) && StateDict.Get(state, FusedQkv) is { Shape: [long rows, long columns] } && rows > columns
            && HasHeadOfItsOwn(state)
            ? Recognition.Of(names: 3, fields: 0, $"a state dict with {Tokens}, {FusedQkv} as (out, in), the mask {Mask}, and {Head} of its own") : null;
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report) =>
        (IsOld(StateDict.Find(checkpoint.Root)!)
            ? new GptReading(checkpoint, OldNames, OldDefaults, options, report)
            : new GptReading(checkpoint, NewNames, NewDefaults, options, report)).Read();

    // By the numbers: a tied head has a storage of its own in safetensors, and in a state dict that was copied tensor by tensor. What
    // is wrong with a damaged one is said where the family reads it.
    private static bool HasHeadOfItsOwn(DictValue state)
    {
        if (StateDict.Get(state, Head) is not { Shape.Length: 2 } head || StateDict.Get(state, Tokens) is not { Shape.Length: 2 } tokens)
            return false;
        if (!head.Shape.SequenceEqual(tokens.Shape) || head.Shape.Contains(0) || !head.Type.IsFloat() || !tokens.Type.IsFloat())
            return true;
        try
        {
            StoredTensor one = StoredTensor.Open(Head, head), other = StoredTensor.Open(Tokens, tokens);
            return !one.IsSameView(other) && !new RowReader().AreEqual(one, other);
        }
        catch (CheckpointException)
        {
            return true;
        }
    }

    private static bool IsOld(DictValue state) =>
        StateDict.Contains(state, OldQuery) && StateDict.Contains(state, OldMlp) && StateDict.Contains(state, OldPositions);
}
