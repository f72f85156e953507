using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Reads a state dict that stands alone or beside a config. What names and shapes show is taken from them, what the config says from it
/// and held against them; what both leave open the family decides, and what it does not decide is asked for.
/// </summary>
/// <param name="checkpoint">The checkpoint; its root is a dictionary with a state dict.</param>
/// <param name="names">What the family calls the parts.</param>
/// <param name="defaults">What the family's code does.</param>
/// <param name="options">What the user says.</param>
/// <param name="report">Gets a line for everything.</param>
internal sealed class GptReading(Checkpoint checkpoint, GptNames names, FamilyDefaults defaults, GivenOptions options, Report report)
{
    private const string Activation = "activation";

    private readonly DictValue _root = (DictValue)checkpoint.Root;

    /// <summary>Reads it.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, does not fit or has no place, or the config contradicts the tensors.</exception>
    /// <exception cref="OptionException">An option is needed, or does not fit.</exception>
    public FamilyModel Read()
    {
        DictValue state = StateDict.Find(_root)!;
        (DictValue Config, string Key)? found = CheckpointConfig.Find(
            checkpoint, [.. PlainNames.HeadFields.Count, .. PlainNames.LayerFields, .. PlainNames.ContextFields]);
        ConfigReader? config = found is { } stated ? new ConfigReader(stated.Config, stated.Key.Length > 0 ? stated.Key : "the checkpoint") : null;
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(state, names.Prefix, report), names, report);
        if (config is not null)
            PlainConfig.Check(config, gpt);
        ExplainNorms(gpt);
        if (defaults.Assumption is { } assumption)
            report.Assumed(assumption);

        GptChoices choices = Choose(config, gpt, state);
        if (found is { Key.Length: > 0 })
            config?.WarnUnread(report, PlainNames.Harmless);
        if (!ReferenceEquals(state, _root))
        {
            IEnumerable<string> configKeys = found is { Key: { Length: > 0 } key } ? [key] : config?.ReadFields ?? [];
            Leftovers.Report(_root, [StateDict.KeyOf(_root), Activation, .. CheckpointVocabulary.Keys, .. configKeys], report);
        }

        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => VocabularySearch.Find(checkpoint, gpt.VocabSize, report),
        };
    }

    // A GPT whose norms stand behind each sub-layer has the same tensors but for the final norm, which it does not need.
    private void ExplainNorms(AssembledGpt gpt)
    {
        if (ConfigVariants.SaysPreNorm(checkpoint) is { } field)
            report.Found($"norms before each sub-layer: the config has {field}");
        else if (!gpt.FinalNorm)
        {
            throw new CheckpointException($"the state dict has no norm before the head under the usual names ({string.Join(", ", names.FinalNorm)}), "
                + "as a model has whose norms stand behind each sub-layer; only norms before each sub-layer are run here, and a config that says "
                + "so, such as norm_first = True, was needed");
        }
        if (!gpt.FinalNorm)
            report.Found("no norm before the head: the state dict has none");
    }

    private static float? StatedEpsilon(ConfigReader? config) => config?.Positive(config.Has(PlainNames.OptimizerFields)
        ? PlainNames.EpsilonFields : [.. PlainNames.EpsilonFields, PlainNames.ShortEpsilonField]);

    private GptChoices Choose(ConfigReader? config, AssembledGpt gpt, DictValue state)
    {
        string? activation = config?.Text(PlainNames.ActivationFields) ?? _root.Get<TextValue>(Activation)?.Value;
        var questions = new OpenQuestions();
        NormKind norm = questions.Ask(() => ChooseNorm(config?.Text(PlainNames.NormFields), gpt, state));
        Positions positions = questions.Ask(() =>
            new PositionChoice(options, gpt, report).Choose(config, PlainNames.ContextFields, PlainNames.RotaryBaseFields));
        HeadSplit heads = questions.Ask(() => new HeadChoice(options, gpt, report).Choose(config, PlainNames.HeadFields, defaults.Heads(gpt)));
        ActivationKind nonlinearity = questions.Ask(() => ChooseActivation(activation, gpt));
        questions.RequireAnswers();
        return new GptChoices
        {
            Heads = heads,
            ContextLength = positions.ContextLength,
            Position = positions.Kind,
            RotaryBase = positions.RotaryBase,
            Norm = norm,
            NormEpsilon = NormChoice.Epsilon(options, StatedEpsilon(config), norm == NormKind.LayerNorm
                ? defaults.EpsilonReason
                : "usual in hand-written RMSNorm; the file does not say (nn.RMSNorm itself takes 1.19e-7: --norm-epsilon)", report),
            Activation = nonlinearity,
        };
    }

    private NormKind ChooseNorm(string? stated, AssembledGpt gpt, DictValue state)
    {
        if (stated is null && gpt.NormBias)
        {
            report.Found("LayerNorm: the norms have biases");
            return NormKind.LayerNorm;
        }
        if (stated is null && state.TextKeys.Any(CallsRms))
        {
            report.Found("RMSNorm: the norms are called that");
            return NormKind.RmsNorm;
        }
        if (stated is null && options.Norm is null && defaults.Norm is null)
        {
            throw new MissingOptionException("--norm", "the norms have no biases, so that they may be RMSNorm or LayerNorm(bias=False), "
                + "and the file does not say which; add --norm rms or --norm layer");
        }
        return NormChoice.Kind(options, stated, defaults.Norm?.Kind ?? NormKind.LayerNorm, defaults.Norm?.Reason ?? "", report);
    }

    // A part of the name that begins so: 'norms.1' has these letters too.
    private static bool CallsRms(string name) => name.Split('.', '_').Any(static part => part.StartsWith("rms", StringComparison.OrdinalIgnoreCase));

    private ActivationKind ChooseActivation(string? stated, AssembledGpt gpt)
    {
        (ActivationKind Kind, string Reason)? usual = gpt.GatedMlp
            ? (ActivationKind.Silu, "the MLP is gated, and SwiGLU is the usual gate; the file does not say") : defaults.Activation;
        if (stated is null && options.Activation is null && usual is null)
        {
            throw new MissingOptionException("--activation", "the file does not say which nonlinearity the MLP has; "
                + $"add --activation with one of {ActivationChoice.Names} (nn.GELU() is gelu-erf)");
        }
        return ActivationChoice.Choose(options, stated, usual?.Kind ?? ActivationKind.GeluErf, usual?.Reason ?? "", report);
    }
}
