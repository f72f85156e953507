using MyGpt.Checkpoints;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;
using static MyGpt.Runtime.Tests.Reference.TutorialParts;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>The families whose parts have GPT-2's names: minGPT, nanoGPT's state dict alone, and build-nanogpt.</summary>
public class Gpt2NamesTests
{
    private static readonly ConvertOptions ThreeHeads = new() { Heads = 3 };

    private static readonly List<(object, object?)> Config =
        [("block_size", ContextLength), ("vocab_size", VocabSize), ("n_layer", Layers), ("n_head", 3), ("n_embd", Width)];

    [Fact]
    public void Convert_minGPT_matches_its_forward_pass()
    {
        TestState state = State(masks: true, tied: false);

        ConversionReport report = Check("minGPT", state.Items, Forward(state, GeluTanh), ThreeHeads);

        Assert.Contains("activation gelu-tanh: NewGELU in minGPT's model.py; the file does not say", report.Of(ReportKind.Assumed));
        Assert.Contains("2 masks (h.N.attn.bias): the runtime attends causally by itself", report.Of(ReportKind.LeftOut));
        Assert.Equal("--heads", Ask(state.Items).Option);
    }

    [Theory]
    [InlineData("")]
    [InlineData("_orig_mod.")]
    [InlineData("module._orig_mod.")]
    public void Convert_nanoGPT_state_dict_alone_matches_its_forward_pass(string prefix)
    {
        TestState state = State(masks: false, tied: true);

        ConversionReport report = Check("nanoGPT", state.Prefixed(prefix), Forward(state, GeluErf), ThreeHeads);

        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("activation gelu-erf: nn.GELU() in nanoGPT's model.py", StringComparison.Ordinal));
        Assert.True(report.Config.TiedHead);
        Assert.Equal("--heads", Ask(state.Prefixed(prefix)).Option);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]      // torch < 2 saves them, and safetensors makes two heads of a tied one
    public void Convert_nanoGPT_state_dict_whose_head_is_a_copy_is_no_minGPT(bool masks)
    {
        TestState state = State(masks, tied: true);
        int head = state.Items.FindIndex(item => item.Key.Equals("lm_head.weight"));
        var tensor = (TestTensor)state.Items[head].Value!;
        state.Items[head] = ("lm_head.weight", tensor with { Data = [.. tensor.Data] });

        Check("nanoGPT", state.Items, Forward(state, GeluErf), ThreeHeads);
    }

    [Fact]
    public void Convert_minGPT_without_its_head_is_refused()
    {
        TestState old = OldState();
        old.Items.RemoveAll(item => item.Key.Equals("head.weight"));

        Assert.Contains("tensor 'head.weight' is missing; the code of this family has a head of its own", Refuse(old.Items, ThreeHeads), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_nanoGPT_whose_arguments_were_saved_as_config_has_the_erf_GELU()
    {
        TestState state = State(masks: false, tied: true);
        List<(object, object?)> root = [("model", state.Items), ("config", new List<(object, object?)>([.. Config, ("bias", true)]))];

        ConversionReport report = Check("nanoGPT", root, Forward(state, GeluErf));

        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("activation gelu-erf: nn.GELU() in nanoGPT's model.py", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_build_nanogpt_matches_its_forward_pass()
    {
        TestState state = State(masks: true, tied: true);

        List<(object, object?)> root = [("model", state.Items), ("config", Config), ("step", 9), ("val_loss", 3.5)];

        ConversionReport report = Check("nanoGPT", root, Forward(state, GeluTanh));

        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("activation gelu-tanh: nn.GELU(approximate='tanh') in build-nanogpt", StringComparison.Ordinal));
        Assert.Equal(3, report.Config.HeadCount);
    }

    [Fact]
    public void Convert_nanoGPT_takes_the_characters_that_the_checkpoint_holds()
    {
        TestState state = State(masks: false, tied: true);
        List<(object, object?)> itos = [.. "\n abcdefghi".Select((letter, id) => ((object)id, (object?)$"{letter}"))];

        List<(object, object?)> root = [("model", state.Items), ("config", Config), ("itos", itos)];

        ConversionReport report = Check("nanoGPT", root, Forward(state, GeluTanh));

        Assert.Contains(report.Of(ReportKind.Found), line => line.StartsWith("vocabulary: 11 characters", StringComparison.Ordinal));
        Assert.DoesNotContain(report.Of(ReportKind.LeftOut), line => line.Contains("itos", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    public void Convert_minGPT_before_2022_matches_its_forward_pass(string prefix)
    {
        TestState state = OldState();

        ConversionReport report = Check("minGPT", state.Prefixed(prefix), OldForward(state), ThreeHeads);

        Assert.Contains("activation gelu-erf: nn.GELU() in minGPT before 2022; the file does not say", report.Of(ReportKind.Assumed));
        Assert.Contains("2 masks (blocks.N.attn.mask): the runtime attends causally by itself", report.Of(ReportKind.LeftOut));
        Assert.Equal(ContextLength, report.Config.ContextLength);
        Assert.Equal("--heads", Ask(state.Prefixed(prefix)).Option);
    }

    private static TestState State(bool masks, bool tied)
    {
        var state = new TestState(seed: 3);
        state.Matrix("transformer.wte.weight", VocabSize, Width);
        state.Matrix("transformer.wpe.weight", ContextLength, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"transformer.h.{layer}.";
            Norm(state, block + "ln_1");
            if (masks)
                state.Mask(block + "attn.bias", 1, 1, ContextLength, ContextLength);
            Layer(state, block + "attn.c_attn", 3 * Width, Width);
            Layer(state, block + "attn.c_proj", Width, Width);
            Norm(state, block + "ln_2");
            Layer(state, block + "mlp.c_fc", Hidden, Width);
            Layer(state, block + "mlp.c_proj", Width, Hidden);
        }
        Norm(state, "transformer.ln_f");
        if (tied)
            state.Alias("lm_head.weight", "transformer.wte.weight");
        else
            state.Matrix("lm_head.weight", VocabSize, Width);
        return state;
    }

    private static double[][] Forward(TestState state, Func<double, double> gelu)
    {
        double[][] x = Add(Embed(state["transformer.wte.weight"], Width, Ids), Embed(state["transformer.wpe.weight"], Width, Enumerable.Range(0, Ids.Length)));
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"transformer.h.{layer}.";
            double[][] qkv = Apply(state, Norm(state, x, block + "ln_1"), block + "attn.c_attn");
            double[][] y = Heads(Slice(qkv, 0, Width), Slice(qkv, Width, Width), Slice(qkv, 2 * Width, Width), heads: 3, kvHeads: 3);
            x = Add(x, Apply(state, y, block + "attn.c_proj"));
            double[][] hidden = Each(Apply(state, Norm(state, x, block + "ln_2"), block + "mlp.c_fc"), gelu);
            x = Add(x, Apply(state, hidden, block + "mlp.c_proj"));
        }
        return Linear(Norm(state, x, "transformer.ln_f"), state["lm_head.weight"]);
    }

    private static TestState OldState()
    {
        var state = new TestState(seed: 4);
        state.Matrix("pos_emb", 1, ContextLength, Width);
        state.Matrix("tok_emb.weight", VocabSize, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"blocks.{layer}.";
            Norm(state, block + "ln1");
            Norm(state, block + "ln2");
            state.Mask(block + "attn.mask", 1, 1, ContextLength, ContextLength);
            foreach (string part in new[] { "key", "query", "value", "proj" })
                Layer(state, $"{block}attn.{part}", Width, Width);
            Layer(state, block + "mlp.0", Hidden, Width);
            Layer(state, block + "mlp.2", Width, Hidden);
        }
        Norm(state, "ln_f");
        state.Matrix("head.weight", VocabSize, Width);
        return state;
    }

    private static double[][] OldForward(TestState state)
    {
        double[][] x = Add(Embed(state["tok_emb.weight"], Width, Ids), Embed(state["pos_emb"], Width, Enumerable.Range(0, Ids.Length)));
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"blocks.{layer}.";
            double[][] y = Norm(state, x, block + "ln1");
            double[][] mixed = Heads(Apply(state, y, block + "attn.query"), Apply(state, y, block + "attn.key"), Apply(state, y, block + "attn.value"), heads: 3, kvHeads: 3);
            x = Add(x, Apply(state, mixed, block + "attn.proj"));
            x = Add(x, Apply(state, Each(Apply(state, Norm(state, x, block + "ln2"), block + "mlp.0"), GeluErf), block + "mlp.2"));
        }
        return Linear(Norm(state, x, "ln_f"), state["head.weight"]);
    }

    private static void Norm(TestState state, string name)
    {
        state.Gain(name + ".weight", Width);
        state.Bias(name + ".bias", Width);
    }

    private static void Layer(TestState state, string name, int outputs, int inputs)
    {
        state.Matrix(name + ".weight", outputs, inputs);
        state.Bias(name + ".bias", outputs);
    }

    private static double[][] Norm(TestState state, double[][] x, string name) => LayerNorm(x, state[name + ".weight"], state[name + ".bias"]);

    private static double[][] Apply(TestState state, double[][] x, string name) => Linear(x, state[name + ".weight"], state[name + ".bias"]);
}
