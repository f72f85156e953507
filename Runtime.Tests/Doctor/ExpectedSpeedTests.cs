using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Doctor;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Doctor;

/// <summary>The estimate on what docs/performance.md has measured.</summary>
public unsafe class ExpectedSpeedTests
{
    private static readonly GptConfig Gpt2 = new()
    {
        VocabSize = 50257, ContextLength = 1024, EmbeddingDim = 768, LayerCount = 12, HeadCount = 12, KvHeadCount = 12, HeadDim = 64, MlpDim = 3072,
        Activation = ActivationKind.GeluTanh, TiedHead = true,
    };

    [Theory]
    [InlineData(ElementType.F32, 33.6, 64.0, 1058)]
    [InlineData(ElementType.Bf16, 36.5, 133, 1008)]
    [InlineData(ElementType.Q8, 34.1, 221, 1227)]
    [InlineData(ElementType.Q4, 44.6, 372, 1222)]
    public void Estimate_is_near_the_documented_measurement(ElementType type, double read, double decode, double prefill)
    {
        ExpectedSpeed expected = Estimate(Shapes(Gpt2, type), read, fma: 230);
        Assert.InRange(expected.Decode, 0.9 * decode, 1.1 * decode);
        Assert.InRange(expected.Prefill, 0.9 * prefill, 1.1 * prefill);
        Assert.Equal((type, 512), (expected.Type, expected.PromptLength));
    }

    [Fact]
    public void Estimate_of_a_faster_machine_is_higher_in_what_it_is_faster_at()
    {
        GptWeights weights = Shapes(Gpt2, ElementType.Bf16);
        ExpectedSpeed usual = Estimate(weights, 30, 200), reads = Estimate(weights, 60, 200), computes = Estimate(weights, 30, 400);
        Assert.InRange(reads.Decode / usual.Decode, 1.5, 2);   // not quite: a token computes, and does other things too
        Assert.Equal(usual.Prefill, reads.Prefill);
        Assert.InRange(computes.Prefill / usual.Prefill, 1.8, 2);
        Assert.InRange(computes.Decode / usual.Decode, 1, 1.1);
    }

    [Fact]
    public void Estimate_of_a_short_context_is_of_a_prompt_that_fits() =>
        Assert.Equal(40, Estimate(Shapes(Gpt2 with { ContextLength = 40 }, ElementType.Q8), 30, 200).PromptLength);

    [Fact]
    public void Estimate_of_a_model_in_a_cores_own_cache_is_bound_by_what_it_computes()
    {
        GptWeights weights = Shapes(Gpt2 with { EmbeddingDim = 64, HeadCount = 4, KvHeadCount = 4, HeadDim = 16, MlpDim = 256, LayerCount = 4, VocabSize = 65 }, ElementType.F32);
        Assert.InRange(Estimate(weights, 300, 200).Decode, Estimate(weights, 200, 200).Decode, 1.05 * Estimate(weights, 200, 200).Decode);
        Assert.InRange(Estimate(weights, 200, 400).Decode, 1.1 * Estimate(weights, 200, 200).Decode, 2 * Estimate(weights, 200, 200).Decode);
    }

    private static ExpectedSpeed Estimate(GptWeights weights, double read, double fma) => ExpectedSpeed.Of(weights, Limits(read / 2, fma / 2), Limits(read, fma));

    private static MachineLimits Limits(double read, double fma) => new(2, new Spread(read, read, read), new Spread(2 * fma, 2 * fma, 2 * fma), new Spread(fma, fma, fma), ProcessorShare: 1);

    private static GptWeights Shapes(GptConfig config, ElementType type) => GptWeights.Load(config, spec =>
        new TensorView(spec.Name, spec.IsMatrix ? type : ElementType.F32, SectionLayout.Rows, spec.Rows, spec.Columns, null));
}
