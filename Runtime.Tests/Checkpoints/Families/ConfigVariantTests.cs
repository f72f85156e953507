using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>Fields of a config that no tensor shows, and that change what the model computes.</summary>
public class ConfigVariantTests
{
    private static readonly ConvertOptions Told = new() { Activation = ActivationKind.GeluErf };

    private static readonly PlainModel Plain = new() { Qkv = ["q_proj", "k_proj", "v_proj"], Tie = Tie.Shared };

    private static readonly PlainModel WithoutFinalNorm = Plain with { Norms = ("ln1", "ln2", null) };

    [Theory]
    [InlineData("norm_first", false, "norm_first = False, a variant that is not run here; True was needed")]
    [InlineData("pre_norm", false, "pre_norm = False")]
    [InlineData("norm_position", "post", "norm_position = 'post', a variant that is not run here; 'pre' was needed")]
    [InlineData("post_norm", true, "post_norm = True, a variant that is not run here; False was needed")]
    [InlineData("parallel_residual", true, "parallel_residual = True")]
    [InlineData("use_parallel_residual", true, "use_parallel_residual = True")]
    [InlineData("parallel_attn", true, "parallel_attn = True")]
    [InlineData("causal", false, "causal = False")]
    [InlineData("alibi", true, "alibi = True")]
    [InlineData("qk_norm", true, "qk_norm = True")]
    [InlineData("attention_scale", 0.125, "attention_scale = 0.125, a variant that is not run here; None was needed")]
    [InlineData("query_pre_attn_scalar", 144, "query_pre_attn_scalar = 144")]
    [InlineData("embed_scale", 8.0, "embed_scale = 8, a variant that is not run here; 1 was needed")]
    [InlineData("scale_embeddings", true, "scale_embeddings = True")]
    [InlineData("logit_softcap", 30.0, "logit_softcap = 30")]
    [InlineData("softcap", 30, "softcap = 30")]
    [InlineData("sliding_window", 5, "sliding_window = 5")]
    [InlineData("rope_scaling", "linear", "rope_scaling = 'linear'")]
    [InlineData("partial_rotary_factor", 0.5, "partial_rotary_factor = 0.5")]
    [InlineData("rotary_pct", 0.25, "rotary_pct = 0.25")]
    [InlineData("norm_first", 0, "norm_first = 0")]
    public void Convert_refuses_a_variant_that_is_not_run_here(string field, object value, string reason)
    {
        TestState state = Plain.State();
        List<(object, object?)> fields = [("n_head", 3), ("n_layer", Layers)];

        Assert.Contains($"config says {reason}", Refuse(Root(("model", state.Items), ("config", Fields([.. fields, (field, value)]))), Told), StringComparison.Ordinal);
        Assert.Contains($"config says {reason}", Refuse(Root(("model", state.Items), ("config", Fields((field, value)))), Told), StringComparison.Ordinal);
        Assert.Contains($"the checkpoint says {reason}", Refuse(Root([("model", state.Items), .. fields, (field, value)]), Told), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pos_type", "alibi", "pos_type = 'alibi', which is not converted; learned and rotary positions are")]
    [InlineData("position", "rotary", "position = 'rotary', but the state dict has a position embedding")]
    [InlineData("use_bias", true, "use_bias = True, but the state dict has none in its blocks")]
    public void Convert_refuses_a_config_of_another_model(string field, object value, string reason) => Assert.Contains($"config says {reason}",
        Refuse(Root(("model", (Plain with { QkvBias = false, ProjectionBias = false, UpBias = false, DownBias = false }).State().Items), ("config", Fields(("n_head", 3), ("n_layer", Layers), (field, value)))), Told),
        StringComparison.Ordinal);

    public static TheoryData<string, object> OtherFamilies => new()
    {
        { "model_args", new TinyCheckpoint().With("parallel_residual", true).Object },
        { "config", new List<(object, object?)> { ("model_state_dict", Fuzzing.Readers.StateSeeds.MyGpt()), ("config", Fields([.. Fuzzing.Readers.StateSeeds.MyGptConfig, ("parallel_residual", true)])) } },
        { "config", new List<(object, object?)> { ("model", Fuzzing.Readers.StateSeeds.Gpt104()), ("config", Fields([.. Fuzzing.Readers.StateSeeds.Gpt104Config, ("parallel_residual", true)])) } },
    };

    [Theory]
    [MemberData(nameof(OtherFamilies))]
    public void Convert_refuses_it_in_every_family(string config, object root) =>
        Assert.Contains($"{config} says parallel_residual = True, a variant that is not run here", Refuse(root), StringComparison.Ordinal);

    [Theory]
    [InlineData("norm_first", true)]
    [InlineData("norm_position", "pre")]
    [InlineData("post_norm", false)]
    [InlineData("parallel_residual", null)]
    [InlineData("embed_scale", 1.0)]
    [InlineData("scale_embeddings", false)]
    [InlineData("logit_softcap", 0)]
    [InlineData("sliding_window", null)]
    [InlineData("rotary_pct", 1)]
    public void Convert_takes_the_value_that_is_run_and_warns_of_nothing(string field, object? value)
    {
        TestState state = Plain.State();

        ConversionReport report = Check("plain GPT", Root(("model", state.Items), ("config", Fields(("n_head", 3), (field, value)))), Plain.Forward(state), Told);

        Assert.DoesNotContain(report.Of(ReportKind.Warning), line => line.Contains(field, StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_takes_no_model_without_a_final_norm_for_pre_norm()
    {
        string message = Refuse(WithoutFinalNorm.State().Items, Told with { Heads = 3 });

        Assert.Contains("the state dict has no norm before the head under the usual names (ln_f, final_norm, ", message, StringComparison.Ordinal);
        Assert.Contains("a config that says so, such as norm_first = True, was needed", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("norm_first", true)]
    [InlineData("norm_position", "pre")]
    public void Convert_a_model_without_a_final_norm_whose_config_says_pre_norm_matches_its_forward_pass(string field, object value)
    {
        TestState state = WithoutFinalNorm.State();

        ConversionReport report = Check(
            "plain GPT", Root(("model", state.Items), ("config", Fields(("n_head", 3), (field, value)))), WithoutFinalNorm.Forward(state), Told);

        Assert.Contains($"norms before each sub-layer: the config has {field}", report.Of(ReportKind.Found));
        Assert.False(report.Config.FinalNorm);
    }

    [Theory]
    [InlineData("lr", 1e-3)]
    [InlineData("learning_rate", 1e-3)]
    [InlineData("weight_decay", 0.1)]
    [InlineData(null, null)]
    public void Convert_takes_eps_for_the_norms_unless_the_optimizers_fields_stand_beside_it(string? beside, object? value)
    {
        TestState state = Plain.State();
        List<(object, object?)> config = [("n_head", 3), ("eps", 1e-8)];
        if (beside is not null)
            config.Add((beside, value));

        ConversionReport report = Check("plain GPT", Root(("model", state.Items), ("hparams", config)),
            Plain.Forward(state), beside is null ? Told with { NormEpsilon = 1e-5f } : Told);

        Assert.Equal(beside is null, report.Of(ReportKind.Found).Any(line => line.Contains("the checkpoint says 1e-8", StringComparison.Ordinal)));
        Assert.Equal(beside is not null, report.Of(ReportKind.Assumed).Any(line => line.StartsWith("norm epsilon 1e-5", StringComparison.Ordinal)));
    }

    private static List<(object, object?)> Root(params (object, object?)[] items) => [.. items];

    private static List<(object, object?)> Fields(params (object, object?)[] items) => [.. items];
}
