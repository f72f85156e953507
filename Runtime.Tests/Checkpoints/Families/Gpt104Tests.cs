using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;
using static MyGpt.Runtime.Tests.Reference.TutorialParts;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>Which checkpoints with a config of d_model are GPT10.4's, and whose nonlinearity is then known.</summary>
public class Gpt104Tests
{
    private const string Family = "GPT10.4";

    private static readonly List<(object, object?)> Config =
        [("d_model", Width), ("n_layers", Layers), ("n_heads", 3), ("context_length", ContextLength), ("vocab_size", VocabSize)];

    private static readonly PlainModel Renamed = new() { Tie = Tie.Shared };

    private static readonly PlainModel Own = Renamed with
    {
        Tokens = "wte.weight", Positions = "wpe.weight", Blocks = "h", Norms = ("ln_1", "ln_2", "ln_f"), Head = "lm_head.weight",
    };

    [Fact]
    public void Convert_with_the_names_of_the_tutorial_assumes_the_tanh_GELU()
    {
        PlainModel model = Own with { Activation = GeluTanh };
        TestState state = model.State();

        ConversionReport report = Check(Family, Root(state), model.Forward(state));

        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("activation gelu-tanh: GPT-2's form", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_with_other_names_around_its_modules_asks_for_the_activation()
    {
        TestState state = Renamed.State();

        Assert.Equal("--activation", Assert.IsType<MissingOptionException>(Ask(Root(state))).Option);
        Check(Family, Root(state), Renamed.Forward(state), new ConvertOptions { Activation = ActivationKind.GeluErf });
    }

    [Fact]
    public void Convert_with_none_of_its_modules_is_a_plain_GPT_that_asks()
    {
        PlainModel model = Renamed with { Qkv = ["q_proj", "k_proj", "v_proj"], Projection = "out_proj", Mlp = ["ffn.0", "ffn.2"] };
        TestState state = model.State();

        Assert.Equal("--activation", Assert.IsType<MissingOptionException>(Ask(Root(state))).Option);
        Check("plain GPT", Root(state), model.Forward(state), new ConvertOptions { Activation = ActivationKind.GeluErf });
    }

    private static List<(object, object?)> Root(TestState state) => [("model", state.Items), ("config", Config)];
}
