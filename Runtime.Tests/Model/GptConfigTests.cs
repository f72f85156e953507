using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.Model;

public sealed class GptConfigTests
{
    private static readonly GptConfig Good = TinyModels.Config;

    [Fact]
    public void Validate_accepts_smallest_and_largest_sizes()
    {
        Good.Validate();
        GptConfig smallest = Good with
        {
            VocabSize = 1,
            ContextLength = 1,
            EmbeddingDim = 1,
            LayerCount = 1,
            HeadCount = 1,
            KvHeadCount = 1,
            HeadDim = 1,
            MlpDim = 1,
        };
        smallest.Validate();
        GptConfig largest = Good with
        {
            VocabSize = 1 << 24,
            ContextLength = 1 << 20,
            EmbeddingDim = 1 << 17,
            LayerCount = 1 << 12,
            HeadCount = 1 << 10,
            KvHeadCount = 1 << 10,
            HeadDim = 1 << 7,
            MlpDim = 1 << 17,
        };
        largest.Validate();
        Assert.Equal(3 << 17, largest.QkvDim);
        Assert.True(TensorSpec.For(largest).All(spec => (long)spec.Rows * spec.Columns <= 1L << 41));
    }

    [Fact]
    public void Validate_accepts_rotary_positions_of_even_heads()
    {
        foreach (PositionKind position in new[] { PositionKind.RotaryPairs, PositionKind.RotaryHalves })
        {
            foreach (float rotaryBase in new[] { 1f, 10000f, float.MaxValue })
                (Good with { Position = position, HeadDim = 2, RotaryBase = rotaryBase }).Validate();
        }
    }

    public static TheoryData<string> Bad => [.. BadConfigs.Keys];

    private static Dictionary<string, GptConfig> BadConfigs { get; } = new()
    {
        ["vocab_size: 0"] = Good with { VocabSize = 0 },
        ["vocab_size: 16777217"] = Good with { VocabSize = (1 << 24) + 1 },
        ["context_length: -1"] = Good with { ContextLength = -1 },
        ["context_length: 1048577"] = Good with { ContextLength = (1 << 20) + 1 },
        ["embedding_dim: 0"] = Good with { EmbeddingDim = 0 },
        ["embedding_dim: 131073"] = Good with { EmbeddingDim = (1 << 17) + 1 },
        ["layer_count: 4097"] = Good with { LayerCount = 4097 },
        ["layer_count: 2049"] = Good with { LayerCount = 2049, GatedMlp = true },
        ["head_count: 0"] = Good with { HeadCount = 0 },
        ["kv_head_count: 0"] = Good with { KvHeadCount = 0 },
        ["kv_head_count: 8"] = Good with { KvHeadCount = 8 },
        ["head_count: 4 found, a multiple of kv_head_count 3"] = Good with { KvHeadCount = 3 },
        ["head_dim: 0"] = Good with { HeadDim = 0 },
        ["head_count * head_dim: 8589934592"] = Good with { HeadCount = 1 << 16, KvHeadCount = 1, HeadDim = 1 << 17 },
        ["mlp_dim: 2147483647"] = Good with { MlpDim = int.MaxValue },
        ["norm_epsilon: 0"] = Good with { NormEpsilon = 0 },
        ["norm_epsilon: NaN"] = Good with { NormEpsilon = float.NaN },
        ["norm_epsilon: Infinity"] = Good with { NormEpsilon = float.PositiveInfinity },
        ["rotary_base: 0"] = Good with { RotaryBase = 0 },
        ["rotary_base: 0.5"] = Good with { RotaryBase = 0.5f },
        ["rotary_base: NaN"] = Good with { RotaryBase = float.NaN },
        ["rotary_base: Infinity"] = Good with { RotaryBase = float.PositiveInfinity },
        ["head_dim: 5"] = Good with { Position = PositionKind.RotaryPairs },
        ["head_dim: 7"] = Good with { Position = PositionKind.RotaryHalves, HeadDim = 7 },
        ["norm: 7"] = Good with { Norm = (NormKind)7 },
        ["position: -1"] = Good with { Position = (PositionKind)(-1) },
        ["activation: 99"] = Good with { Activation = (ActivationKind)99 },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Validate_names_the_first_wrong_size(string problem)
    {
        string message = Assert.Throws<ArgumentException>(BadConfigs[problem].Validate).Message;
        Assert.StartsWith(problem + " ", message, StringComparison.Ordinal);
    }
}
