using System.Globalization;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Exactness;

/// <summary>
/// The same for whole runs of <see cref="TextGenerator"/> over committed checkpoints: tokens, text and the hash of the logits that the tokens were
/// chosen from, against the tutorials' way of computing everything anew on one thread.
/// </summary>
public class GenerationMatrixTests(ExactModels models) : IClassFixture<ExactModels>
{
    private const int NewTokens = 4;

    // What may change nothing. A new choice is a member here and a line in Setups.
    private readonly record struct Setup(int Threads, bool UseKvCache, int Speculate, int SampleCount);

    private static readonly int[] SampleCounts = [1, 3, 8];

    private static readonly Setup[] Setups =
    [
        .. from threads in new[] { 1, 2, 3, 8 }
           from useKvCache in new[] { true, false }
           from speculate in useKvCache ? new[] { 0, 8 } : [0]
           from samples in SampleCounts
           select new Setup(threads, useKvCache, speculate, samples),
    ];

    // What is another function.
    private static readonly string[] Checkpoints = ["microgpt_relu", "mygpt_ch18_old_config", "nanogpt_char_nobias"];
    private static readonly ElementType[] WeightTypes = [ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4];
    private static readonly float[] Temperatures = [0, 1];
    private static readonly Overflow[] Overflows = [Overflow.Stop, Overflow.Crop];   // up to the end of the context, and past it

    public static TheoryData<string, ElementType, KvType, float> Functions
    {
        get
        {
            var functions = new TheoryData<string, ElementType, KvType, float>();
            foreach ((string name, ElementType type, KvType kvType, float temperature) in
                from name in Checkpoints
                from type in WeightTypes
                from kvType in Enum.GetValues<KvType>()
                from temperature in Temperatures
                select (name, type, kvType, temperature))
            {
                functions.Add(name, type, kvType, temperature);
            }
            return functions;
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Runs_are_the_same_however_they_are_computed(string name, ElementType type, KvType kvType, float temperature)
    {
        string path = models.Path(name, type);
        using LanguageModel single = LanguageModel.Open(path, threads: 1);
        int context = single.Gpt.Config.ContextLength;
        var options = new GenerationOptions { Seed = 9, Temperature = temperature, TopK = 20, KvType = kvType, MaxNewTokens = NewTokens, HashLogits = true };

        int[] prompt = [.. Enumerable.Range(0, context - 2).Select(i => i * 7 % single.Gpt.Config.VocabSize)];
        foreach (Overflow overflow in Overflows)
        {
            GenerationOptions here = options with { Overflow = overflow };
            string[] expected = Samples(single, prompt, here with { UseKvCache = false, SampleCount = SampleCounts.Max() });
            foreach (IGrouping<int, Setup> group in Setups.GroupBy(setup => setup.Threads))
            {
                using LanguageModel model = LanguageModel.Open(path, group.Key);
                foreach (Setup setup in group)
                {
                    string[] samples = Samples(
                        model, prompt, here with { UseKvCache = setup.UseKvCache, Speculate = setup.Speculate, GuessPrice = 16, SampleCount = setup.SampleCount });
                    Assert.True(expected.AsSpan(0, setup.SampleCount).SequenceEqual(samples), $"{setup} {overflow}");
                }
            }
        }
    }

    /// <summary>The figures that docs/numerics.md names.</summary>
    [Fact]
    public void Matrix_has_13824_samples_of_96_functions()
    {
        int functions = Functions.Count * Overflows.Length;
        Assert.Equal(96, functions);
        Assert.Equal(13_824, functions * Setups.Sum(setup => setup.SampleCount));
    }

    // All that a sample says of itself.
    private static string[] Samples(LanguageModel model, int[] prompt, GenerationOptions options)
    {
        using GenerationRun run = model.Generate(prompt, options);
        string[] texts = new string[options.SampleCount];
        while (run.MoveNext())
        {
            for (int i = 0; i < texts.Length; i++)
                texts[i] += run.Samples[i].NewText.ToString();
        }
        return [.. run.Samples.Select((sample, i) => string.Create(
            CultureInfo.InvariantCulture, $"{string.Join(' ', sample.Ids.ToArray())} '{texts[i]}' {sample.FinishReason} {sample.LogitsHash}"))];
    }
}
