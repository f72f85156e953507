using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// The GPT of Karpathy's lecture "Let's build GPT", gpt.py, and what follows it: a matrix for each head, ReLU, a head with bias, and
/// usually a state dict and nothing else.
/// </summary>
/// <remarks>github.com/karpathy/ng-video-lecture. MicroGPT of mytechnotalent has its modules with plainer names outside the blocks.</remarks>
internal sealed class LectureGpt : IFamily
{
    private static readonly string[] Telling = ["blocks.0.sa.heads.0.key.weight", "blocks.0.sa.proj.weight", "blocks.0.ffwd.net.0.weight"];

    private static readonly GptNames Names = new()
    {
        TokenEmbedding = ["token_embedding_table", "token_embedding"],
        PositionEmbedding = ["position_embedding_table", "position_embedding"],
        Blocks = ["blocks."],
        AttentionNorm = ["ln1"],
        HeadLists = ["sa.heads"],
        Projection = ["sa.proj"],
        MlpNorm = ["ln2"],
        MlpUp = ["ffwd.net.0"],
        MlpDown = ["ffwd.net.2"],
        FinalNorm = ["ln_f"],
        Head = ["lm_head", "head"],
    };

    public string Name => "lecture GPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        string[] names = [.. Telling.Where(name => StateDict.Contains(state, name))];
        return names.Length < 2 ? null : new Recognition(names.Length, $"a state dict with {string.Join(", ", names)}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue state = StateDict.Find(root)!;
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(state, Names.Prefix, report), Names, report);
        report.Assumed("scores divided by the root of the head size: gpt.py as it is now; at first it had the root of the width");
        report.Assumed("norm epsilon 1e-5: the default of nn.LayerNorm");
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(config: null, PlainNames.HeadFields),
            ContextLength = new PositionChoice(options, gpt, report).Choose(config: null, [], []).ContextLength,
            Activation = ActivationChoice.Choose(options, stated: null, ActivationKind.Relu, "nn.ReLU() in gpt.py; the file does not say", report),
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
}
