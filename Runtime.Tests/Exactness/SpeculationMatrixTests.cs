using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Exactness;

/// <summary>Runs of all committed checkpoints that guess tokens ahead, against the same runs one token at a time: long enough to guess many.</summary>
public class SpeculationMatrixTests(ExactModels models) : IClassFixture<ExactModels>
{
    private const int NewTokens = 100;   // past the window of most

    public static TheoryData<string, ElementType> Functions
    {
        get
        {
            var functions = new TheoryData<string, ElementType>();
            foreach (string name in ExactModels.Fixtures.Keys)
            {
                foreach (ElementType type in new[] { ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4 })
                    functions.Add(name, type);
            }
            return functions;
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Runs_are_the_same_with_and_without_speculation(string name, ElementType type)
    {
        long accepted = 0, proposed = 0;
        for (int threads = 1; threads <= 3; threads++)
        {
            using LanguageModel model = LanguageModel.Open(models.Path(name, type), threads);
            foreach (float temperature in new[] { 0, 0.3f, 0.8f })
            {
                foreach (int samples in new[] { 1, 3 })
                {
                    var options = new GenerationOptions
                    {
                        Seed = 3,
                        Temperature = temperature,
                        SampleCount = samples,
                        MaxNewTokens = NewTokens,
                        HashLogits = true,
                    };
                    using GenerationRun plain = Ended(model, options), guessing = Ended(model, options with { Speculate = 3 + threads * threads, GuessPrice = 16 });
                    Assert.Equal(plain.Samples.Select(sample => sample.LogitsHash), guessing.Samples.Select(sample => sample.LogitsHash));
                    Assert.Equal(plain.Samples.Select(sample => sample.Ids.ToArray()), guessing.Samples.Select(sample => sample.Ids.ToArray()));
                    Assert.Equal(plain.Statistics.DecodedTokens, guessing.Statistics.DecodedTokens);
                    accepted += guessing.Statistics.AcceptedTokens;
                    proposed += guessing.Statistics.ProposedTokens;
                }
            }
        }
        if (!name.StartsWith("microgpt", StringComparison.Ordinal))   // 16 tokens of context are no room for a repetition
            Assert.InRange(accepted, 1, proposed - 1);   // right ones and wrong ones
    }

    private static GenerationRun Ended(LanguageModel model, GenerationOptions options)
    {
        GenerationRun run = model.Generate([1, 2, 3, 1, 2, 3, 1, 2], options);
        while (run.MoveNext())
        {
        }
        return run;
    }
}
