using MyGpt.Checkpoints;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;
using static MyGpt.Runtime.Tests.Reference.TutorialParts;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>GPTModel of "Build a Large Language Model (From Scratch)".</summary>
public class RaschkaGptTests
{
    private const string Family = "Raschka's GPTModel";

    private static readonly ConvertOptions ThreeHeads = new() { Heads = 3 };

    [Theory]
    [InlineData(false, "")]
    [InlineData(true, "")]
    [InlineData(true, "_orig_mod.")]
    public void Convert_matches_the_forward_pass_of_the_book(bool qkvBias, string prefix)
    {
        TestState state = State(qkvBias);

        ConversionReport report = Check(Family, state.Prefixed(prefix), Forward(state), ThreeHeads);

        string[] assumed = report.Of(ReportKind.Assumed);
        Assert.Contains("activation gelu-tanh: the GELU of the book; the file does not say", assumed);
        Assert.Contains("norm epsilon 1e-5: the LayerNorm of the book; the file does not say", assumed);
        Assert.Contains("2 masks (trf_blocks.N.att.mask): the runtime attends causally by itself", report.Of(ReportKind.LeftOut));
        Assert.Contains(report.Of(ReportKind.Placed), line => line.StartsWith($"{prefix}trf_blocks.N.norm1.scale [12] x 2 -> ", StringComparison.Ordinal));
        Assert.Equal(qkvBias, report.Config.QkvBias);
    }

    [Fact]
    public void Convert_reads_the_state_dict_beside_the_optimizer()
    {
        TestState state = State(qkvBias: false);
        List<(object, object?)> optimizer = [("state", new List<(object, object?)> { (0, TestTensor.Random(1, 5)) })];

        List<(object, object?)> root = [("model_state_dict", state.Items), ("optimizer_state_dict", optimizer)];

        ConversionReport report = Check(Family, root, Forward(state), ThreeHeads);

        Assert.Contains("'optimizer_state_dict': 1 tensor (20 bytes), not read", report.Of(ReportKind.LeftOut));
    }

    [Fact]
    public void Convert_asks_for_the_heads_of_a_width_that_the_book_does_not_have() => Assert.Equal("--heads", Ask(State(qkvBias: false).Items).Option);

    [Fact]
    public void Convert_without_a_head_is_refused()
    {
        TestState state = State(qkvBias: false);
        state.Items.RemoveAll(item => item.Key.Equals("out_head.weight"));

        Assert.Contains("tensor 'out_head.weight' is missing; the code of this family has a head of its own",
            Refuse(state.Items, ThreeHeads), StringComparison.Ordinal);
    }

    private static TestState State(bool qkvBias)
    {
        var state = new TestState(seed: 2);
        state.Matrix("tok_emb.weight", VocabSize, Width);
        state.Matrix("pos_emb.weight", ContextLength, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"trf_blocks.{layer}.";
            state.Set(block + "att.mask", TestState.Triangle([ContextLength, ContextLength], upTo: 0, after: 1));
            foreach (string part in new[] { "W_query", "W_key", "W_value" })
            {
                state.Matrix($"{block}att.{part}.weight", Width, Width);
                if (qkvBias)
                    state.Bias($"{block}att.{part}.bias", Width);
            }
            state.Matrix(block + "att.out_proj.weight", Width, Width);
            state.Bias(block + "att.out_proj.bias", Width);
            state.Matrix(block + "ff.layers.0.weight", Hidden, Width);
            state.Bias(block + "ff.layers.0.bias", Hidden);
            state.Matrix(block + "ff.layers.2.weight", Width, Hidden);
            state.Bias(block + "ff.layers.2.bias", Width);
            foreach (string norm in new[] { "norm1", "norm2" })
            {
                state.Gain($"{block}{norm}.scale", Width);
                state.Bias($"{block}{norm}.shift", Width);
            }
        }
        state.Gain("final_norm.scale", Width);
        state.Bias("final_norm.shift", Width);
        state.Matrix("out_head.weight", VocabSize, Width);
        return state;
    }

    private static double[][] Forward(TestState state)
    {
        double[][] x = Add(Embed(state["tok_emb.weight"], Width, Ids), Embed(state["pos_emb.weight"], Width, Enumerable.Range(0, Ids.Length)));
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"trf_blocks.{layer}.";
            double[][] y = Norm(x, block + "norm1");
            double[][] context = Heads(Project(y, "W_query"), Project(y, "W_key"), Project(y, "W_value"), heads: 3, kvHeads: 3);
            x = Add(x, Linear(context, state[block + "att.out_proj.weight"], state[block + "att.out_proj.bias"]));
            double[][] hidden = Each(Linear(Norm(x, block + "norm2"), state[block + "ff.layers.0.weight"], state[block + "ff.layers.0.bias"]), GeluTanh);
            x = Add(x, Linear(hidden, state[block + "ff.layers.2.weight"], state[block + "ff.layers.2.bias"]));

            double[][] Project(double[][] rows, string part) => Linear(rows, state[$"{block}att.{part}.weight"], state.Find($"{block}att.{part}.bias"));
        }
        return Linear(Norm(x, "final_norm"), state["out_head.weight"]);

        double[][] Norm(double[][] rows, string name) => LayerNorm(rows, state[name + ".scale"], state[name + ".shift"]);
    }
}
