using System.Globalization;
using System.Text.Json;
using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Tests.Sampling;

public class SamplerPipelineTests
{
    // exp is within 2 units in the last place on each side and the division within 1; the sums' roundings, one for each element of a
    // lane and the tree, come on top. What is below 2^-126 is 0 for us and may be subnormal for PyTorch.
    private const float UnitInLastPlace = 1.1920929e-7f;
    private const float SmallestNormal = 1.17549435e-38f;

    internal static float Tolerance(float probability, int vocabSize) =>
        Math.Max((6 + (vocabSize / 8f)) * UnitInLastPlace * probability, SmallestNormal);

    public static TheoryData<string, float[], float, int, float[]> Cases
    {
        get
        {
            var data = new TheoryData<string, float[], float, int, float[]>();
            using var json = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Fixture("sampling/sampler_cases.json")));
            foreach (JsonElement item in json.RootElement.GetProperty("cases").EnumerateArray())
            {
                JsonElement topK = item.GetProperty("top_k");
                data.Add(
                    item.GetProperty("name").GetString()!,
                    Numbers(item.GetProperty("logits")),
                    item.GetProperty("temperature").GetSingle(),
                    topK.ValueKind == JsonValueKind.Null ? 0 : topK.GetInt32(),
                    Numbers(item.GetProperty("probs")));
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sample_draws_from_the_tutorials_probabilities(string name, float[] logits, float temperature, int topK, float[] expected)
    {
        var picker = new Recorder();
        ILogitsStep[] steps = topK == 0 ? [new Temperature(temperature)] : [new Temperature(temperature), new TopK(topK)];

        new SamplerPipeline(steps, picker).Sample([.. logits], new RandomSource(0));

        for (int i = 0; i < expected.Length; i++)
        {
            float error = Math.Abs(picker.Probabilities[i] - expected[i]);
            Assert.True(
                error <= Tolerance(expected[i], logits.Length),
                $"{name}, temperature {temperature}, top-k {topK}: {picker.Probabilities[i]:G9} for token {i}, {expected[i]:G9} expected");
        }
    }

    [Fact]
    public void Cases_are_all_there() => Assert.Equal(120, Cases.Count);

    [Fact]
    public void Create_temperature_0_is_greedy_and_draws_nothing()
    {
        var random = new RandomSource(0);

        Assert.Equal(2, SamplerPipeline.Create(0, 50).Sample([1, 2, 3, 3], random));
        Assert.Equal(0UL, random.Position);
    }

    [Fact]
    public void Create_top_k_0_keeps_every_token()
    {
        SamplerPipeline pipeline = SamplerPipeline.Create(1, 0);
        var random = new RandomSource(9);

        int[] seen = [.. Enumerable.Range(0, 300).Select(_ => pipeline.Sample([0, 0.1f, 0.2f], random)).Distinct().Order()];

        Assert.Equal([0, 1, 2], seen);
        Assert.Equal(300UL, random.Position);
    }

    [Fact]
    public void Create_top_k_1_is_the_arg_max() =>
        Assert.All(Enumerable.Range(0, 50), seed => Assert.Equal(1, SamplerPipeline.Create(5, 1).Sample([0, 0.1f, 0], new RandomSource((ulong)seed))));

    [Theory]
    [InlineData(-0.5f, 0)]
    [InlineData(float.NaN, 0)]
    [InlineData(0.8f, -1)]
    [InlineData(0f, -1)]
    public void Create_setting_out_of_range_throws(float temperature, int topK) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => SamplerPipeline.Create(temperature, topK));

    [Fact]
    public void Sample_allocates_nothing_once_warm()
    {
        SamplerPipeline pipeline = SamplerPipeline.Create(0.8f, 50);
        float[] logits = [.. Enumerable.Range(0, 3000).Select(i => i * 37 % 101 * 0.1f)];
        var random = new RandomSource(1);
        pipeline.Sample([.. logits], random);
        float[] scratch = [.. logits];

        Assert.Equal(0, Allocations.Of(() => pipeline.Sample(scratch, random)));
    }

    private static float[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(Number)];

    // Infinities are written as strings.
    private static float Number(JsonElement number) => number.ValueKind != JsonValueKind.String
        ? number.GetSingle()
        : number.GetString() switch
        {
            "-inf" => float.NegativeInfinity,
            "inf" => float.PositiveInfinity,
            string text => float.Parse(text, CultureInfo.InvariantCulture),
            null => throw new JsonException("null is no number"),
        };

    private sealed class Recorder : ITokenPicker
    {
        public float[] Probabilities { get; private set; } = [];

        public int Pick(Span<float> logits, RandomSource random)
        {
            Probabilities = Distribution.Of(logits);
            return 0;
        }
    }
}
