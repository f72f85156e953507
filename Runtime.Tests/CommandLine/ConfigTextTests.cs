using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

public class ConfigTextTests
{
    private static readonly GptConfig Config = TinyModels.Config with { HeadDim = 6 };

    public static TheoryData<GptConfig, string> Variants => new()
    {
        { Config, "LayerNorm with bias, epsilon 1.0e-5, GELU (erf), learned positions, biases on qkv, projection, MLP up, MLP down, untied head" },
        {
            Config with
            {
                Norm = NormKind.RmsNorm, NormBias = false, Position = PositionKind.RotaryPairs, Activation = ActivationKind.Silu, GatedMlp = true,
                QkvBias = false, ProjectionBias = false, MlpUpBias = false, MlpDownBias = false, TiedHead = true,
            },
            "RMSNorm without bias, epsilon 1.0e-5, SiLU with a gate, rotary positions in pairs, base 10000, no biases, tied head"
        },
        {
            Config with
            {
                Norm = NormKind.RmsNorm, NormWeight = false, NormBias = false, EmbeddingNorm = true, FinalNorm = false,
                Position = PositionKind.RotaryHalves, RotaryBase = 500000, Activation = ActivationKind.ReluSquared, HeadBias = true,
            },
            "RMSNorm without weight, epsilon 1.0e-5, a norm after the embedding, no final norm, squared ReLU, rotary positions in halves, base 500000, "
                + "biases on qkv, projection, MLP up, MLP down, head, untied head"
        },
        {
            Config with { NormWeight = false },
            "LayerNorm without weight, with bias, epsilon 1.0e-5, GELU (erf), learned positions, biases on qkv, projection, MLP up, MLP down, untied head"
        },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Add_names_every_variant(GptConfig config, string needed)
    {
        TextTable table = new(false, false);
        ConfigText.Add(table, config);
        using StringWriter text = new();
        table.Write(text);
        Assert.Contains(text.ToString().Split('\n'), line => line.TrimEnd() == "variant     " + needed);
        Assert.Contains("4 heads on 2 key/value heads of 6", text.ToString(), StringComparison.Ordinal);
    }
}
