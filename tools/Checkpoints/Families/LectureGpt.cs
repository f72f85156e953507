using MyGpt.Checkpoints.Containers;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// The GPT of Karpathy's lecture "Let's build GPT", gpt.py, and what follows it: a matrix for each head, ReLU, a head with bias, and
/// usually a state dict and nothing else.
/// </summary>
/// <remarks>github.com/karpathy/ng-video-lecture. MicroGPT of mytechnotalent has its modules with plainer names outside the blocks.</remarks>
internal sealed class LectureGpt : IFamily
{
    private const string HeadList = "blocks.0.sa.heads.";

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
        AbsentHead = AbsentHead.IsMissing,
    };

    private static readonly FamilyDefaults Defaults = new()
    {
        Activation = (ActivationKind.Relu, "nn.ReLU() in gpt.py; the file does not say"),
        Assumption = "scores divided by the root of the head size: gpt.py as it is now; at first it had the root of the width",
    };

    public string Name => "lecture GPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        string[] names = [.. Telling.Where(name => StateDict.Contains(state, name))];
        // With one matrix for all heads it is another code, though the rest has these names.
        bool hasHeads = state.TextKeys.Any(static name => name.Contains(HeadList, StringComparison.Ordinal));
        return names.Length < 2 || !hasHeads ? null : Recognition.Of(names.Length, fields: 0, $"a state dict with {string.Join(", ", names)}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report) =>
        new GptReading(checkpoint, Names, Defaults, options, report).Read();
}
