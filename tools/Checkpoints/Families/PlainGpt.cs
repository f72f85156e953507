using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// A GPT that somebody wrote after the tutorials, with the usual names and any of the usual variants: query, key and value together,
/// apart or for each head, gated MLP, fewer key/value heads, learned or rotary positions. It comes last: a family that knows more goes first.
/// </summary>
internal sealed class PlainGpt : IFamily
{
    private static readonly GptNames Names = PlainNames.All;

    // The order within a block leaves no trace in a state dict.
    private static readonly FamilyDefaults Defaults = new()
    {
        Assumption = "a norm before attention and one before the MLP, each with a residual around it, one after the other: as in GPT-2; tensors do not tell",
    };

    public string Name => "plain GPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        string? tokens = Found(state, [.. Names.TokenEmbedding.SelectMany(name => new[] { $"{name}.weight", $"{Names.Prefix}{name}.weight" })]);
        string? block = Names.Blocks.FirstOrDefault(blocks => state.TextKeys.Any(key => IsInBlock(key, blocks)));
        return tokens is null || block is null ? null : Recognition.Of(names: 1, fields: 0, $"a state dict with {tokens} and blocks {block}N");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        RefuseEncoderLayers(StateDict.Find(checkpoint.Root)!);
        return new GptReading(checkpoint, Names, Defaults, options, report).Read();
    }

    private static string? Found(DictValue state, string[] names) => names.FirstOrDefault(name => StateDict.Contains(state, name));

    private static bool IsInBlock(string name, string blocks) =>
        name.IndexOf(blocks, StringComparison.Ordinal) is >= 0 and int at
        && name.Length > at + blocks.Length && char.IsAsciiDigit(name[at + blocks.Length]);

    private static void RefuseEncoderLayers(DictValue state)
    {
        if (state.TextKeys.Any(static key => key.EndsWith(".self_attn.in_proj_weight", StringComparison.Ordinal))
            && state.TextKeys.Any(static key => key.EndsWith(".linear1.weight", StringComparison.Ordinal)))
        {
            throw new CheckpointException("the blocks are nn.TransformerEncoderLayer: its norms stand behind each sub-layer, which is no GPT of "
                + "the kind that is run here, unless it was made with norm_first=True, and nothing in the file shows that");
        }
    }
}
