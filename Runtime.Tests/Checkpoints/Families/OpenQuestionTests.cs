using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>What a file leaves open is asked for by its option; what it does not leave open cannot be given, nor contradicted.</summary>
public class OpenQuestionTests
{
    private static readonly PlainModel Bare = new() { QkvBias = false, ProjectionBias = false, UpBias = false, DownBias = false, NormBias = false };

    private static readonly ConvertOptions All = new() { Heads = 3, Activation = ActivationKind.Relu, Norm = NormKind.RmsNorm };

    private static readonly ConvertOptions AllRotary = All with { Rotary = PositionKind.RotaryPairs, ContextLength = 9 };

    private static readonly PlainModel Grouped = new() { KvHeads = 1, Qkv = ["q_proj", "k_proj", "v_proj"] };

    [Theory]
    [InlineData("--heads")]
    [InlineData("--activation")]
    [InlineData("--norm")]
    [InlineData("--rotary")]
    [InlineData("--context")]
    public void Convert_asks_for_what_nothing_implies(string option)
    {
        TestState state = (Bare with { Positions = null }).State();
        ConvertOptions without = option switch
        {
            "--heads" => AllRotary with { Heads = null },
            "--activation" => AllRotary with { Activation = null },
            "--norm" => AllRotary with { Norm = null },
            "--rotary" => AllRotary with { Rotary = null },
            _ => AllRotary with { ContextLength = null },
        };

        var asked = Assert.IsType<MissingOptionException>(Ask(state.Items, without));
        Assert.Equal(option, asked.Option);
        Assert.Contains($"add {option} ", asked.Message, StringComparison.Ordinal);
        GptConfig config = Converted(state.Items, AllRotary);
        Assert.Equal((PositionKind.RotaryPairs, 10_000f, 9), (config.Position, config.RotaryBase, config.ContextLength));
        Assert.Equal((NormKind.RmsNorm, 1e-5f, ActivationKind.Relu, 3), (config.Norm, config.NormEpsilon, config.Activation, config.HeadCount));
    }

    [Fact]
    public void Convert_asks_for_everything_at_once()
    {
        var asked = Assert.IsType<MissingOptionException>(Ask((Bare with { Positions = null }).State().Items, new ConvertOptions()));

        Assert.Equal("--norm", asked.Option);
        Assert.Equal(["--context", "--rotary", "--heads", "--activation"], asked.Others);
        Assert.EndsWith("; --context, --rotary, --heads, --activation are needed too", asked.Message, StringComparison.Ordinal);
        var two = Assert.IsType<MissingOptionException>(Ask((Bare with { Positions = null }).State().Items, All));
        Assert.EndsWith("; --rotary is needed too", two.Message, StringComparison.Ordinal);
        var nested = Assert.IsType<MissingOptionException>(Ask((Bare with { Positions = null }).State().Items, All with { Heads = null }));
        Assert.EndsWith("with the length that it was trained with; --rotary, --heads are needed too", nested.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_a_gated_MLP_asks_for_no_activation() => Assert.Equal(ActivationKind.Silu, Converted(
        (Bare with { Mlp = ["mlp.gate", "mlp.up", "mlp.down"] }).State().Items, All with { Activation = null }).Activation);

    public static TheoryData<string, ConvertOptions> DoNotApply => new()
    {
        { "--rotary", All with { Rotary = PositionKind.RotaryPairs } },
        { "--rotary-base", All with { RotaryBase = 500 } },
        { "--context", All with { ContextLength = ContextLength } },
    };

    [Theory]
    [MemberData(nameof(DoNotApply))]
    public void Convert_refuses_an_option_that_decides_nothing(string option, ConvertOptions options)
    {
        OptionException error = Ask(Bare.State().Items, options);

        Assert.Equal(option, error.Option);
        Assert.Contains("does not apply", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_refuses_a_norm_for_norms_with_biases() =>
        Assert.Equal("--norm", Ask(new PlainModel().State().Items, All).Option);

    [Theory]
    [InlineData(0, null, "--heads")]
    [InlineData(-3, null, "--heads")]
    [InlineData(int.MinValue, null, "--heads")]
    [InlineData(int.MaxValue, null, "--heads")]
    [InlineData(5, null, "--heads")]        // no divisor of 12
    [InlineData(2, null, "--heads")]        // heads of 6, keys 4 wide
    [InlineData(null, 0, "--kv-heads")]
    [InlineData(null, -1, "--kv-heads")]
    [InlineData(null, int.MaxValue, "--heads")]
    [InlineData(null, 3, "--heads")]        // no divisor of 4: nothing follows from it
    [InlineData(3, 2, "--kv-heads")]
    public void Convert_refuses_numbers_of_heads_that_do_not_fit(int? heads, int? kvHeads, string option) =>
        Assert.Equal(option, Ask(Grouped.State().Items, new ConvertOptions { Heads = heads, KvHeads = kvHeads, Activation = ActivationKind.Relu }).Option);

    [Theory]
    [InlineData("n_head", int.MaxValue, "n_head = 2147483647, which does not divide the width 12")]
    [InlineData("n_head", 0L, "n_head is 0; 1 to 2147483647 was needed")]
    [InlineData("n_head", -3L, "n_head is -3")]
    [InlineData("n_head", 1L << 40, "n_head is 1099511627776")]
    [InlineData("n_head", 2, "keys and values are 4 wide, the queries of 2 heads")]
    [InlineData("n_head", "3", "n_head is a string; an integer was needed")]
    [InlineData("n_head", 3.0, "n_head is a number with a fraction; an integer was needed")]
    [InlineData("head_dim", 6, "head_dim = 6")]
    [InlineData("n_kv_heads", 3, "n_kv_heads = 3, but the key matrix says 1")]
    [InlineData("n_layer", int.MaxValue, "n_layer = 2147483647, but the number of layers says 2")]
    [InlineData("block_size", 8, "block_size = 8, but the position embedding says 7")]
    [InlineData("d_ff", 21, "d_ff = 21, but the MLP's first matrix says 20")]
    [InlineData("hidden_dim", 13, "hidden_dim = 13, but the MLP's first matrix says 20")]
    [InlineData("vocab_size", int.MaxValue, "vocab_size = 2147483647, but the token embedding says 11")]
    [InlineData("norm_type", "batch", "norm is 'batch', none that we know")]
    [InlineData("norm_eps", 1.5, "norm_eps is 1.5; a number between 0 and 1 was needed")]
    [InlineData("activation", "mish", "activation is 'mish', none that we know")]
    public void Convert_refuses_a_config_that_no_model_or_another_one_has(string field, object value, string reason)
    {
        List<(object, object?)> config = [(field, value)];
        config.AddRange(new (object, object?)[] { ("n_head", 3), ("n_layer", Layers) }.Where(item => !item.Item1.Equals(field)));
        List<(object, object?)> root = [("model", Grouped.State().Items), ("config", config)];

        Assert.Contains(reason, Refuse(root, field == "activation" ? new ConvertOptions() : new ConvertOptions { Activation = ActivationKind.Relu }), StringComparison.Ordinal);
    }

    public static TheoryData<string, string> OneLayerDiffers => new()
    {
        { "blocks.1.ln1.bias", "tensor 'blocks.1.ln1.bias' is missing" },
        { "blocks.0.ln2.bias", "tensor 'blocks.0.ln2.bias' is missing" },
        { "ln_f.bias", "tensor 'ln_f.bias' is missing" },
        { "blocks.1.attn.c_attn.bias", "tensor 'blocks.1.attn.c_attn.bias' is missing" },
        { "blocks.0.attn.c_proj.bias", "tensor 'blocks.0.attn.c_proj.bias' is missing" },
        { "blocks.0.mlp.c_fc.bias", "tensor 'blocks.0.mlp.c_fc.bias' is missing" },
        { "blocks.1.mlp.c_proj.bias", "tensor 'blocks.1.mlp.c_proj.bias' is missing" },
        { "blocks.1.mlp.c_fc.weight", "tensor 'blocks.1.mlp.c_fc.weight' is missing" },
        { "blocks.0.", "layer 0 is missing" },
        { "tok_emb", "not a checkpoint of a family" },
    };

    [Theory]
    [MemberData(nameof(OneLayerDiffers))]
    public void Convert_refuses_a_layer_unlike_the_others(string without, string reason)
    {
        TestState state = new PlainModel().State();
        state.Items.RemoveAll(item => ((string)item.Key).StartsWith(without, StringComparison.Ordinal));

        Assert.Contains(reason, Refuse(state.Items, new ConvertOptions { Heads = 3, Activation = ActivationKind.Relu }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blocks.1.mlp.c_fc.weight", new long[] { 21, 12 }, "[21, 12] found, [20, 12] needed")]
    [InlineData("blocks.1.attn.c_attn.weight", new long[] { 20, 12 }, "[20, 12] found, [36, 12] needed")]
    [InlineData("blocks.0.attn.c_attn.weight", new long[] { 37, 12 }, "37 outputs found; 12 for queries and two equal parts")]
    [InlineData("blocks.0.attn.c_attn.weight", new long[] { 12, 12 }, "12 outputs found")]
    [InlineData("blocks.1.attn.c_proj.weight", new long[] { 12, 18 }, "[12, 18] found, [12, 12] needed")]
    [InlineData("blocks.0.mlp.c_fc.weight", new long[] { 12, 20 }, "this is the transpose")]
    [InlineData("blocks.1.ln1.weight", new long[] { 13 }, "[13] found, [12] needed")]
    [InlineData("head.weight", new long[] { 10, 12 }, "[10, 12] found, [11, 12] needed")]
    [InlineData("pos_emb.weight", new long[] { 7, 13 }, "[7, 13] found")]
    public void Convert_refuses_a_shape_that_does_not_fit(string name, long[] shape, string reason)
    {
        TestState state = new PlainModel().State();
        state.Items[state.Items.FindIndex(item => item.Key.Equals(name))] = (name, TestTensor.Random(1, shape));

        Assert.Contains(reason, Refuse(state.Items, new ConvertOptions { Heads = 3, Activation = ActivationKind.Relu }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "tensor 'blocks.1.mlp.gate_proj.weight' is missing")]
    [InlineData(1, "tensor 'blocks.1.mlp.gate_proj.weight' of shape [20, 12] has no place")]
    public void Convert_refuses_an_MLP_that_is_gated_in_one_layer_only(int gatedLayer, string reason)
    {
        TestState state = (Bare with { Mlp = ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"] }).State();
        state.Items.RemoveAll(item => item.Key.Equals($"blocks.{1 - gatedLayer}.mlp.gate_proj.weight"));

        Assert.Contains(reason, Refuse(state.Items, All), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_refuses_layers_of_nn_TransformerEncoder()
    {
        var state = new TestState();
        state.Matrix("embedding.weight", VocabSize, Width);
        state.Matrix("layers.0.self_attn.in_proj_weight", 3 * Width, Width);
        state.Matrix("layers.0.linear1.weight", Hidden, Width);

        Assert.Contains("nn.TransformerEncoderLayer", Refuse(state.Items, All), StringComparison.Ordinal);
    }

    private static GptConfig Converted(object root, ConvertOptions options)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, TinyCheckpoint.Archive(root), options);
        model.Dispose();
        return report.Config;
    }

    [Theory]
    [InlineData("n_heads", 2, "config says n_heads is 2 and n_head is 3; they mean the same")]
    [InlineData("num_attention_heads", 6, "n_head is 3 and num_attention_heads is 6")]
    [InlineData("depth", 1, "n_layer is 2 and depth is 1")]
    [InlineData("bias", false, "config says bias = False, but the state dict has biases in its blocks")]
    [InlineData("qkv_bias", false, "config says qkv_bias = False, but the state dict has biases for query, key and value")]
    [InlineData("tie_word_embeddings", true, "tie_word_embeddings = True, but the state dict has a head of its own")]
    [InlineData("weight_tying", true, "weight_tying = True, but the state dict has a head of its own")]
    public void Convert_refuses_a_config_that_contradicts_itself_or_the_state_dict(string field, object value, string reason) =>
        Assert.Contains(reason, Refuse(Configured(new PlainModel(), (field, value)), new ConvertOptions { Activation = ActivationKind.Relu }), StringComparison.Ordinal);

    [Fact]
    public void Convert_refuses_biases_and_a_head_that_are_not_there()
    {
        var options = new ConvertOptions { Activation = ActivationKind.Relu };
        PlainModel bare = new() { QkvBias = false, ProjectionBias = false, UpBias = false, DownBias = false };
        Assert.Contains("bias = True, but the state dict has none in its blocks", Refuse(Configured(bare, ("bias", true)), options), StringComparison.Ordinal);
        Assert.Contains("qkv_bias = True, but the state dict has no biases", Refuse(Configured(bare, ("qkv_bias", true)), options), StringComparison.Ordinal);
        PlainModel tied = new() { Tie = Tie.Absent };
        Assert.Contains("tie_weights = False, but the state dict has no head", Refuse(Configured(tied, ("tie_weights", false)), options), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_takes_a_config_that_says_the_same_twice()
    {
        List<(object, object?)> root = Configured(new PlainModel(), ("n_heads", 3), ("num_heads", null), ("bias", true), ("qkv_bias", true), ("tie_weights", false));
        using TemporaryFolder folder = TestFiles.NewFolder();
        (ConversionReport report, Runtime.ModelFile model) =
            Conversion.Convert(folder, TinyCheckpoint.Archive(root), new ConvertOptions { Activation = ActivationKind.Relu });
        model.Dispose();
        Assert.Equal(3, report.Config.HeadCount);
        Assert.DoesNotContain(report.Of(ReportKind.Warning), line => line.Contains("does not know", StringComparison.Ordinal));
    }

    private static List<(object, object?)> Configured(PlainModel model, params (object, object?)[] fields)
    {
        List<(object, object?)> config = [("n_head", 3), ("n_layer", Layers), .. fields];
        return [("model", model.State().Items), ("config", config)];
    }
}
