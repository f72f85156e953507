using MyGpt.Checkpoints.Containers;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>GPTModel of Raschka's book "Build a Large Language Model (From Scratch)": a state dict, alone or beside the optimizer's.</summary>
/// <remarks>github.com/rasbt/LLMs-from-scratch, ch04 and ch05. Its LayerNorm has scale and shift, its GELU is the tanh form.</remarks>
internal sealed class RaschkaGpt : IFamily
{
    private const string Positions = "pos_emb.weight", Norm = "trf_blocks.0.norm1.scale";

    private static readonly string[] Telling = ["trf_blocks.0.att.W_query.weight", Norm, Positions, "out_head.weight"];

    private static readonly GptNames Names = new()
    {
        TokenEmbedding = ["tok_emb"],
        PositionEmbedding = ["pos_emb"],
        Blocks = ["trf_blocks."],
        AttentionNorm = ["norm1"],
        Query = ["att.W_query"],
        Key = ["att.W_key"],
        Value = ["att.W_value"],
        Projection = ["att.out_proj"],
        MlpNorm = ["norm2"],
        MlpUp = ["ff.layers.0"],
        MlpDown = ["ff.layers.2"],
        FinalNorm = ["final_norm"],
        Head = ["out_head"],
        AbsentHead = AbsentHead.IsMissing,
    };

    private static readonly FamilyDefaults Defaults = new()
    {
        Activation = (ActivationKind.GeluTanh, "the GELU of the book; the file does not say"),
        EpsilonReason = "the LayerNorm of the book; the file does not say",
        Heads = static gpt => PublishedSizes.Gpt2Heads(gpt.EmbeddingDim) is { } heads
            ? (heads, $"the book's model of width {gpt.EmbeddingDim} has that many; the file does not say") : null,
    };

    public string Name => "Raschka's GPTModel";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        string[] names = [.. Telling.Where(name => StateDict.Contains(state, name))];
        // His Llama has the same names, but rotary positions and RMSNorm, whose gain is 'weight'.
        return !names.Contains(Positions) || !names.Contains(Norm) ? null
            : Recognition.Of(names.Length, fields: 0, $"a state dict with {string.Join(", ", names)}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report) =>
        new GptReading(checkpoint, Names, Defaults, options, report).Read();
}
