using MyGpt.Checkpoints;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;
using static MyGpt.Runtime.Tests.Reference.TutorialParts;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>gpt.py of Karpathy's lecture, and MicroGPT of mytechnotalent, which has its blocks.</summary>
public class LectureGptTests
{
    private const string Family = "lecture GPT";

    private const int HeadCount = 3, HeadSize = 4;

    [Theory]
    [InlineData("", "token_embedding_table", "position_embedding_table", "lm_head")]
    [InlineData("_orig_mod.", "token_embedding_table", "position_embedding_table", "lm_head")]
    [InlineData("", "token_embedding", "position_embedding", "head")]
    public void Convert_matches_the_forward_pass_of_the_lecture(string prefix, string tokens, string positions, string head)
    {
        TestState state = State(tokens, positions, head);

        ConversionReport report = Check(Family, state.Prefixed(prefix), Forward(state, tokens, positions, head));

        string[] assumed = report.Of(ReportKind.Assumed);
        Assert.Contains("activation relu: nn.ReLU() in gpt.py; the file does not say", assumed);
        Assert.Contains(assumed, line => line.StartsWith("scores divided by the root of the head size", StringComparison.Ordinal));
        Assert.Contains("norm epsilon 1e-5: the default of nn.LayerNorm; the file does not say", assumed);
        string[] found = report.Of(ReportKind.Found);
        Assert.Contains(found, line => line.Contains("blocks.0.sa.heads.0.key.weight, blocks.0.sa.proj.weight, blocks.0.ffwd.net.0.weight", StringComparison.Ordinal));
        Assert.Contains("3 heads: the state dict has matrices for each", found);
        Assert.Contains("6 masks (blocks.N.sa.heads.N.tril): the runtime attends causally by itself", report.Of(ReportKind.LeftOut));
        Assert.Contains(report.Of(ReportKind.Placed), line => line.StartsWith($"{prefix}blocks.N.sa.heads.0.query.weight ... ", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_takes_what_a_config_beside_the_state_dict_says()
    {
        TestState state = State("token_embedding_table", "position_embedding_table", "lm_head");
        List<(object, object?)> config = [("n_embd", Width), ("n_head", HeadCount), ("n_layer", Layers), ("block_size", ContextLength), ("activation", "gelu")];
        List<(object, object?)> root = [("model_state_dict", state.Items), ("config", config), ("step", 3)];

        double[][] expected = Forward(state, "token_embedding_table", "position_embedding_table", "lm_head", GeluErf);
        ConversionReport report = Check(Family, root, expected);

        Assert.Contains("what training noted and generation does not need: 'step'", report.Of(ReportKind.LeftOut));
        config[1] = ("n_head", 2);
        Assert.Contains("config says n_head = 2, but the list of heads says 3", Refuse(root), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_beside_the_config_of_another_tutorial_is_still_the_lecture()
    {
        TestState state = State("token_embedding_table", "position_embedding_table", "lm_head");
        List<(object, object?)> config = [("d_model", Width), ("n_heads", HeadCount), ("n_layers", Layers), ("context_length", ContextLength)];
        List<(object, object?)> root = [("model", state.Items), ("config", config)];

        Check(Family, root, Forward(state, "token_embedding_table", "position_embedding_table", "lm_head"));
    }

    [Fact]
    public void Convert_without_a_head_is_refused()
    {
        TestState state = State("token_embedding_table", "position_embedding_table", "lm_head");
        state.Items.RemoveAll(item => item.Key.Equals("lm_head.weight"));

        Assert.Contains("tensor 'lm_head.weight' is missing; the code of this family has a head of its own", Refuse(state.Items), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blocks.0.sa.heads.1.", "head 1 is missing: no tensor's name begins with 'blocks.0.sa.heads.1.', but there is a head 2")]
    [InlineData("blocks.1.sa.heads.1.", "tensor 'blocks.1.sa.heads.1.query.weight' is missing")]
    [InlineData("blocks.0.sa.heads.2.", "2 heads found in 'blocks.0.sa.heads'")]
    [InlineData("blocks.1.sa.heads.2.", "tensor 'blocks.1.sa.heads.2.query.weight' is missing")]
    public void Convert_refuses_a_list_of_heads_with_a_gap(string without, string reason)
    {
        TestState state = State("token_embedding_table", "position_embedding_table", "lm_head", projection: without.Contains("0.sa.heads.2") ? 13 : 12);
        state.Items.RemoveAll(item => ((string)item.Key).StartsWith(without, StringComparison.Ordinal));

        Assert.Contains(reason, Refuse(state.Items), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_an_option_that_contradicts_the_list_of_heads_is_named()
    {
        TestState state = State("token_embedding_table", "position_embedding_table", "lm_head");

        Assert.Equal("--heads", Ask(state.Items, new ConvertOptions { Heads = 6 }).Option);
        Assert.Equal("--context", Ask(state.Items, new ConvertOptions { ContextLength = ContextLength }).Option);
        Assert.Equal("--kv-heads", Ask(state.Items, new ConvertOptions { KvHeads = 1 }).Option);
    }

    private static TestState State(string tokens, string positions, string head, int projection = Width)
    {
        var state = new TestState();
        state.Matrix($"{tokens}.weight", VocabSize, Width);
        state.Matrix($"{positions}.weight", ContextLength, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"blocks.{layer}.";
            for (int h = 0; h < HeadCount; h++)
            {
                state.Mask($"{block}sa.heads.{h}.tril", ContextLength, ContextLength);
                foreach (string part in new[] { "key", "query", "value" })
                    state.Matrix($"{block}sa.heads.{h}.{part}.weight", HeadSize, Width);
            }
            state.Matrix(block + "sa.proj.weight", Width, projection);
            state.Bias(block + "sa.proj.bias", Width);
            state.Matrix(block + "ffwd.net.0.weight", Hidden, Width);
            state.Bias(block + "ffwd.net.0.bias", Hidden);
            state.Matrix(block + "ffwd.net.2.weight", Width, Hidden);
            state.Bias(block + "ffwd.net.2.bias", Width);
            foreach (string norm in new[] { "ln1", "ln2" })
            {
                state.Gain($"{block}{norm}.weight", Width);
                state.Bias($"{block}{norm}.bias", Width);
            }
        }
        state.Gain("ln_f.weight", Width);
        state.Bias("ln_f.bias", Width);
        state.Matrix($"{head}.weight", VocabSize, Width);
        state.Bias($"{head}.bias", VocabSize);
        return state;
    }

    private static double[][] Forward(TestState state, string tokens, string positions, string head, Func<double, double>? activation = null)
    {
        double[][] x = Add(Embed(state[$"{tokens}.weight"], Width, Ids), Embed(state[$"{positions}.weight"], Width, Enumerable.Range(0, Ids.Length)));
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"blocks.{layer}.";
            double[][] y = LayerNorm(x, state[block + "ln1.weight"], state[block + "ln1.bias"]);
            double[][] heads = Concat([.. Enumerable.Range(0, HeadCount).Select(h =>
                Head(Project(h, "query"), Project(h, "key"), Project(h, "value")))]);
            x = Add(x, Linear(heads, state[block + "sa.proj.weight"], state[block + "sa.proj.bias"]));
            double[][] z = LayerNorm(x, state[block + "ln2.weight"], state[block + "ln2.bias"]);
            double[][] hidden = Each(Linear(z, state[block + "ffwd.net.0.weight"], state[block + "ffwd.net.0.bias"]), activation ?? Relu);
            x = Add(x, Linear(hidden, state[block + "ffwd.net.2.weight"], state[block + "ffwd.net.2.bias"]));

            double[][] Project(int h, string part) => Linear(y, state[$"{block}sa.heads.{h}.{part}.weight"]);
        }
        return Linear(LayerNorm(x, state["ln_f.weight"], state["ln_f.bias"]), state[$"{head}.weight"], state[$"{head}.bias"]);
    }
}
