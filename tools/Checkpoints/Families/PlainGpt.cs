using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// A GPT that somebody wrote after the tutorials, with the usual names and any of the usual variants: query, key and value together,
/// apart or for each head, gated MLP, fewer key/value heads, learned or rotary positions. It comes last: a family that knows more goes first.
/// </summary>
/// <remarks>What names and shapes show is taken from them, what a config says from it; what neither says is asked for.</remarks>
internal sealed class PlainGpt : IFamily
{
    private static readonly GptNames Names = PlainNames.All;

    public string Name => "plain GPT";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        string? tokens = Found(state, [.. Names.TokenEmbedding.SelectMany(name => new[] { $"{name}.weight", $"{Names.Prefix}{name}.weight" })]);
        string? block = Names.Blocks.FirstOrDefault(blocks => state.TextKeys.Any(key => key.Contains($"{blocks}0.", StringComparison.Ordinal)));
        return tokens is null || block is null ? null : new Recognition(1, $"a state dict with {tokens} and blocks {block}N");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue state = StateDict.Find(root)!;
        (DictValue Config, string Key)? found = CheckpointConfig.Find(
            checkpoint, [.. PlainNames.HeadFields.Count, .. PlainNames.LayerFields, .. PlainNames.ContextFields]);
        ConfigReader? config = found is { } stated ? new ConfigReader(stated.Config, stated.Key.Length > 0 ? stated.Key : "the checkpoint") : null;
        bool rms = state.TextKeys.Any(static key => key.Contains("rms", StringComparison.OrdinalIgnoreCase));
        RefusePostNorm(state);
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(state, Names.Prefix, report), Names, report);
        if (config is not null)
            PlainConfig.Check(config, gpt);

        NormKind norm = ChooseNorm(options, config?.Text(PlainNames.NormFields), gpt, rms, report);
        Positions positions = new PositionChoice(options, gpt, report).Choose(config, PlainNames.ContextFields, PlainNames.RotaryBaseFields);
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(config, PlainNames.HeadFields),
            ContextLength = positions.ContextLength,
            Position = positions.Kind,
            RotaryBase = positions.RotaryBase,
            Norm = norm,
            NormEpsilon = NormChoice.Epsilon(options, config?.Positive(PlainNames.EpsilonFields), norm == NormKind.LayerNorm
                ? "the default of nn.LayerNorm; the file does not say"
                : "usual in hand-written RMSNorm; the file does not say (nn.RMSNorm itself takes 1.19e-7: --norm-epsilon)", report),
            Activation = ChooseActivation(options, config?.Text(PlainNames.ActivationFields), gpt, report),
        };
        if (!gpt.FinalNorm)
            report.Assumed("no norm before the head, and norms before each sub-layer: the state dict has no final norm");
        if (found is not { Key: "" })
            config?.WarnUnread(report, PlainNames.Harmless);
        if (!ReferenceEquals(state, root))
            Leftovers.Report(root, [StateDict.KeyOf(root), found?.Key ?? ""], report);

        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => VocabularySearch.Find(checkpoint, gpt.VocabSize, report),
        };
    }

    private static string? Found(DictValue state, string[] names) => names.FirstOrDefault(name => StateDict.Contains(state, name));

    // nn.TransformerEncoderLayer's names. Its norms stand behind each sub-layer unless norm_first=True was given, which nothing shows.
    private static void RefusePostNorm(DictValue state)
    {
        bool hasFinalNorm = Names.FinalNorm.Any(name => StateDict.Contains(state, $"{name}.weight") || StateDict.Contains(state, $"{Names.Prefix}{name}.weight"));
        if (!hasFinalNorm && state.TextKeys.Any(static key => key.EndsWith(".self_attn.in_proj_weight", StringComparison.Ordinal))
            && state.TextKeys.Any(static key => key.EndsWith(".linear1.weight", StringComparison.Ordinal)))
        {
            throw new CheckpointException("the blocks are nn.TransformerEncoderLayer without a final norm: by default their norms stand behind "
                + "each sub-layer (norm_first=False), which is no GPT of the kind that is run here");
        }
    }

    private static NormKind ChooseNorm(GivenOptions options, string? stated, AssembledGpt gpt, bool rms, Report report)
    {
        if (stated is null && gpt.NormBias)
        {
            report.Found("LayerNorm: the norms have biases");
            return NormKind.LayerNorm;
        }
        if (stated is null && rms)
        {
            report.Found("RMSNorm: the norms are called that");
            return NormKind.RmsNorm;
        }
        if (stated is null && options.Norm is null)
        {
            throw new MissingOptionException("--norm", "the norms have no biases, so that they may be RMSNorm or LayerNorm(bias=False), "
                + "and the file does not say which; add --norm rms or --norm layer");
        }
        return NormChoice.Kind(options, stated, NormKind.LayerNorm, "", report);
    }

    private static ActivationKind ChooseActivation(GivenOptions options, string? stated, AssembledGpt gpt, Report report)
    {
        if (gpt.GatedMlp)
            return ActivationChoice.Choose(options, stated, ActivationKind.Silu, "the MLP is gated, and SwiGLU is the usual gate; the file does not say", report);
        if (stated is null && options.Activation is null)
        {
            throw new MissingOptionException("--activation", "the file does not say which nonlinearity the MLP has; "
                + $"add --activation with one of {ActivationChoice.Names} (nn.GELU() is gelu-erf)");
        }
        return ActivationChoice.Choose(options, stated, ActivationKind.GeluErf, "", report);
    }
}
