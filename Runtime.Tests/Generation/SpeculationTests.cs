using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Generation;

/// <summary>Guessing tokens ahead changes nothing but the time: everything is held against the run without.</summary>
public sealed class SpeculationTests : IDisposable
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz .,!?\n";

    // Two pages of the cache, the second one not whole. Without learned positions random weights soon repeat themselves.
    private static readonly GptConfig Config = TinyModels.Config with
    {
        VocabSize = Letters.Length,
        ContextLength = 110,
        HeadDim = 6,
        MlpDim = 23,
        Position = PositionKind.RotaryHalves,
    };

    private static readonly int[] Prompt = [.. Enumerable.Range(0, 20).Select(i => i * 7 % 9)];

    private static readonly GenerationOptions Greedy = new() { Temperature = 0, Seed = 1, MaxNewTokens = 80, Speculate = 8, GuessPrice = 16 };

    private readonly ITokenizer _tokenizer = TokenizerFactory.Create(TinyModels.Characters(Letters));
    private readonly InMemoryModel _model = new(Config);
    private readonly TextGenerator _generator;

    public SpeculationTests() => _generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);

    public static TheoryData<ElementType, KvType, int> Types
    {
        get
        {
            var types = new TheoryData<ElementType, KvType, int>();
            foreach (ElementType type in new[] { ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4 })
            {
                for (int threads = 1; threads <= 3; threads++)
                    types.Add(type, threads == 2 ? KvType.Bf16 : KvType.F32, threads);
            }
            return types;
        }
    }

    public void Dispose()
    {
        _generator.Dispose();
        _model.Dispose();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Generate_speculating_gives_the_same_samples_past_the_window_too(ElementType type, KvType kvType, int threads)
    {
        using var model = new InMemoryModel(Config, type);
        using var generator = new TextGenerator(model.Gpt, _tokenizer, threads);
        long accepted = 0;
        foreach ((float temperature, int topK) in new[] { (0f, 0), (0.2f, 0), (0.3f, 5), (1f, 0) })
        {
            foreach (int samples in new[] { 1, 3 })
            {
                var options = new GenerationOptions
                {
                    Seed = 9,
                    Temperature = temperature,
                    TopK = topK,
                    SampleCount = samples,
                    KvType = kvType,
                    MaxNewTokens = 100,
                    HashLogits = true,
                };
                Outcome expected = Run(generator, options);
                foreach (int most in new[] { 1, 2, 5, 64 })
                {
                    Outcome actual = Run(generator, options with { Speculate = most, GuessPrice = 16 });
                    AssertSame(expected, actual);
                    Assert.InRange(actual.Statistics.AcceptedTokens, 0, actual.Statistics.ProposedTokens);
                    accepted += actual.Statistics.AcceptedTokens;
                }
            }
        }
        Assert.InRange(accepted, 300, int.MaxValue);
    }

    [Fact]
    public void Generate_steps_that_add_several_tokens_are_fewer()
    {
        Outcome one = Run(_generator, Greedy with { Speculate = 0 }), several = Run(_generator, Greedy);

        AssertSame(one, several);
        Assert.Equal(Greedy.MaxNewTokens, one.Steps);
        Assert.Equal(Greedy.MaxNewTokens - several.Statistics.AcceptedTokens, several.Steps);
        Assert.InRange(several.Steps, 1, Greedy.MaxNewTokens / 2);
    }

    [Fact]
    public void Generate_most_tokens_are_never_exceeded()
    {
        Outcome all = Run(_generator, Greedy);
        for (int count = 1; count < 80; count++)
        {
            Outcome some = Run(_generator, Greedy with { MaxNewTokens = count });
            Assert.Equal(all.Ids[0][..count], some.Ids[0]);
            Assert.Equal(all.Texts[0][..count], some.Texts[0]);
            Assert.Equal(FinishReason.MaxTokens, some.Reasons[0]);
        }
    }

    [Fact]
    public void Generate_stop_string_among_accepted_tokens_ends_the_text_before_it()
    {
        GenerationOptions options = Greedy with { Temperature = 0.3f, Seed = 4 };
        string text = Run(_generator, options).Texts[0];
        for (int start = 0; start < 70; start++)
        {
            GenerationOptions stopped = options with { StopStrings = ["not there", text.Substring(start, 6)], HashLogits = true };
            AssertSame(Run(_generator, stopped with { Speculate = 0 }), Run(_generator, stopped));
        }
    }

    [Fact]
    public void Generate_end_token_among_accepted_tokens_ends_the_sample()
    {
        GenerationOptions options = Greedy with { Temperature = 0.3f, SampleCount = 3 };
        for (int end = 0; end < Letters.Length; end++)
        {
            GenerationOptions ended = options with { EndTokens = [end] };
            AssertSame(Run(_generator, ended with { Speculate = 0 }), Run(_generator, ended));
        }
    }

    [Theory]
    [InlineData(Overflow.Crop)]
    [InlineData(Overflow.Stop)]
    public void Generate_end_of_the_window_is_the_same_from_every_distance(Overflow overflow)
    {
        for (int length = 50; length <= 112; length++)
        {
            int[] prompt = [.. Enumerable.Range(0, length).Select(i => i * 7 % 9)];
            GenerationOptions options = Greedy with { Overflow = overflow, MaxNewTokens = 66, Temperature = 0.3f, SampleCount = 2, HashLogits = true };
            AssertSame(Run(_generator, options with { Speculate = 0 }, prompt), Run(_generator, options, prompt));
        }
    }

    [Fact]
    public void Generate_without_a_cache_proposes_nothing()
    {
        Outcome outcome = Run(_generator, Greedy with { UseKvCache = false });

        Assert.Equal(0, outcome.Statistics.ProposedTokens);
        AssertSame(Run(_generator, Greedy), outcome);
    }

    [Fact]
    public void Generate_small_model_proposes_nothing()
    {
        Outcome outcome = Run(_generator, Greedy with { GuessPrice = null });

        Assert.Equal(0, outcome.Statistics.ProposedTokens);
        AssertSame(Run(_generator, Greedy), outcome);
    }

    [Fact]
    public void MoveNext_cancelled_ends_after_the_step()
    {
        using var cancellation = new CancellationTokenSource();
        using GenerationRun run = _generator.Generate(Prompt, Greedy, cancellation.Token);
        string text = "";
        while (run.Statistics.AcceptedTokens == 0 && run.MoveNext())
            text += run.Samples[0].NewText.ToString();

        cancellation.Cancel();

        int length = run.Samples[0].Ids.Length;
        Assert.True(run.MoveNext());
        Assert.False(run.MoveNext());
        Assert.Equal(FinishReason.Cancelled, run.Samples[0].FinishReason);
        Assert.Equal(length, run.Samples[0].Ids.Length);
        Assert.Equal(text.Length, length);
        Assert.Equal(Run(_generator, Greedy).Texts[0][..length], text);
    }

    [Fact]
    public void GetEnumerator_gives_the_text_of_all_tokens()
    {
        string text = "";
        int pieces = 0;
        foreach (ReadOnlySpan<char> piece in _generator.Generate(Prompt, Greedy))
        {
            text += piece.ToString();
            pieces++;
        }

        Assert.Equal(Run(_generator, Greedy with { Speculate = 0 }).Texts[0], text);
        Assert.InRange(pieces, 1, text.Length / 2);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 1)]
    public void MoveNext_allocates_nothing_in_the_steady_state(int samples, int threads)
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads);
        GenerationOptions options = Greedy with { SampleCount = samples, Temperature = 0.3f };
        Run(generator, options);   // caches take their pages, and the longest steps their scratch memory, once
        using GenerationRun run = generator.Generate(Prompt, options);
        for (int i = 0; i < 3; i++)
            run.MoveNext();

        long accepted = run.Statistics.AcceptedTokens;
        for (bool goesOn = true; goesOn && run.Samples.All(sample => sample.FinishReason is null);)
            Assert.Equal(0, Allocations.Of(() => goesOn = run.MoveNext()));
        Assert.True(run.Statistics.AcceptedTokens > accepted);
    }

    [Fact]
    public void MostProposals_is_what_64_MB_of_logits_hold()
    {
        Assert.Equal(64, Most(vocabSize: 50257, samples: 5));
        Assert.Equal(3, Most(vocabSize: 50257, samples: 100));
        Assert.Equal(0, Most(vocabSize: 50257, samples: 4096));
        Assert.Equal(16, Most(vocabSize: 1 << 20, samples: 1));

        static int Most(int vocabSize, int samples)
        {
            using var model = new InMemoryModel(Config with { VocabSize = vocabSize, EmbeddingDim = 2, HeadCount = 1, KvHeadCount = 1, HeadDim = 2, LayerCount = 1 });
            return new RunSetup
            {
                Gpt = model.Gpt,
                Tokenizer = null,
                Options = new GenerationOptions { Speculate = 64, SampleCount = samples, GuessPrice = 16 },
                Seed = 0,
                Prompt = [0],
                TextPrecedes = true,
                EndTokens = [],
                Overflow = Overflow.Crop,
            }.MostProposals;
        }
    }

    private static Outcome Run(TextGenerator generator, GenerationOptions options, int[]? prompt = null)
    {
        using GenerationRun run = generator.Generate(prompt ?? Prompt, options);
        string[] texts = [.. run.Samples.Select(_ => "")];
        int steps = 0;
        for (; run.MoveNext(); steps++)
        {
            for (int i = 0; i < texts.Length; i++)
                texts[i] += run.Samples[i].NewText.ToString();
        }
        return new Outcome(
            texts,
            [.. run.Samples.Select(sample => sample.Ids.ToArray())],
            [.. run.Samples.Select(sample => sample.LogitsHash)],
            [.. run.Samples.Select(sample => sample.FinishReason)],
            run.Statistics,
            steps);
    }

    private static void AssertSame(Outcome expected, Outcome actual)
    {
        Assert.Equal(expected.Ids, actual.Ids);
        Assert.Equal(expected.Texts, actual.Texts);
        Assert.Equal(expected.Hashes, actual.Hashes);
        Assert.Equal(expected.Reasons, actual.Reasons);
        Assert.Equal(expected.Statistics.NewTokens, actual.Statistics.NewTokens);
        Assert.Equal(expected.Statistics.DecodedTokens, actual.Statistics.DecodedTokens);
        Assert.Equal(expected.Statistics.PastWindowTokens, actual.Statistics.PastWindowTokens);
    }

    private sealed record Outcome(
        string[] Texts, int[][] Ids, string?[] Hashes, FinishReason?[] Reasons, GenerationStatistics Statistics, int Steps);
}
