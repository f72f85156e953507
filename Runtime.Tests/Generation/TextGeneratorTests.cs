using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Generation;

/// <summary>What comes out, held against a loop that computes everything anew for each token.</summary>
public sealed class TextGeneratorTests : IDisposable
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz .,!?\n";

    private static readonly GptConfig Config = TinyModels.Config with { VocabSize = Letters.Length, ContextLength = 70, MlpDim = 23 };

    private readonly InMemoryModel _model = new(Config);
    private readonly ITokenizer _tokenizer = TokenizerFactory.Create(TinyModels.Characters(Letters));

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 2)]
    [InlineData(69, 1)]
    [InlineData(70, 1)]
    [InlineData(71, 1)]
    [InlineData(150, 2)]
    public void Generate_greedy_equals_the_tutorials_loop_past_the_window_too(int promptLength, int threads)
    {
        int[] prompt = Ids(promptLength);
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads);
        using GenerationRun run = generator.Generate(prompt, new GenerationOptions { Temperature = 0, MaxNewTokens = 90 });

        string text = Assert.Single(run.Complete());

        int[] expected = Reference(prompt, 90, logits => new Greedy().Pick(logits, new RandomSource(0)));
        Assert.Equal(expected, run.Samples[0].Ids.ToArray());
        Assert.Equal(string.Concat(expected.Select(id => Letters[id])), text);
        Assert.Equal(FinishReason.MaxTokens, run.Samples[0].FinishReason);
    }

    [Fact]
    public void Generate_sampled_equals_the_tutorials_loop_with_the_samples_stream()
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 2);
        var options = new GenerationOptions { Seed = 77, SampleCount = 4, TopK = 9, Temperature = 1.3f, MaxNewTokens = 100 };
        using GenerationRun run = generator.Generate("the prompt", options);

        run.Complete();

        for (int i = 0; i < options.SampleCount; i++)
        {
            var random = new RandomSource(77, (ulong)i);
            SamplerPipeline pipeline = new([new Temperature(1.3f), new TopK(9)], new Categorical());
            Assert.Equal(Reference(_tokenizer.Encode("the prompt"), 100, logits => pipeline.Sample(logits, random)), run.Samples[i].Ids.ToArray());
        }
        Assert.Equal(4, run.Samples.Select(sample => string.Join(",", sample.Ids.ToArray())).Distinct().Count());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Generate_sample_is_the_same_whatever_the_number_of_samples(int count)
    {
        // An end token, so that samples leave the batch at different steps.
        var options = new GenerationOptions { Seed = 3, Temperature = 1.2f, MaxNewTokens = 80, EndTokens = [4] };
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        using GenerationRun many = generator.Generate("hello", options with { SampleCount = 5 }), few = generator.Generate("hello", options with { SampleCount = count });
        string[] expected = many.Complete();
        Assert.True(many.Samples.Select(sample => sample.Ids.Length).Distinct().Count() > 1);

        Assert.Equal(expected[..count], few.Complete());
    }

    [Fact]
    public void Generate_without_a_seed_tells_the_one_it_took()
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        using GenerationRun first = generator.Generate("abc");
        string text = first.Complete()[0];

        Assert.Equal(text, generator.Generate("abc", new GenerationOptions { Seed = first.Seed }).Complete()[0]);
    }

    [Theory]
    [InlineData(1, 70)]
    [InlineData(60, 11)]
    [InlineData(70, 1)]
    [InlineData(71, 0)]
    public void Generate_overflow_stop_ends_when_the_context_is_full(int promptLength, int tokens)
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        using GenerationRun run = generator.Generate(Ids(promptLength), new GenerationOptions { Overflow = Overflow.Stop });

        Assert.Equal(tokens, run.Complete()[0].Length);
        Assert.Equal(FinishReason.ContextFull, run.Samples[0].FinishReason);
        Assert.False(run.IsPastWindow);
    }

    [Fact]
    public void Generate_max_tokens_at_the_end_of_the_window_never_crosses_it()
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        using GenerationRun run = generator.Generate(Ids(60), new GenerationOptions { MaxNewTokens = 11 });

        run.Complete();

        Assert.Equal(FinishReason.MaxTokens, run.Samples[0].FinishReason);
        Assert.False(run.IsPastWindow);
        Assert.Equal(10, run.Statistics.DecodedTokens);
    }

    [Fact]
    public void MoveNext_says_before_the_first_step_past_the_window_that_it_comes()
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        using GenerationRun run = generator.Generate(Ids(60), new GenerationOptions { MaxNewTokens = 20, SampleCount = 2 });
        List<long> pastWindow = [];
        while (run.MoveNext())
        {
            if (run.IsPastWindow)
                pastWindow.Add(run.Statistics.PastWindowTokens);
        }

        Assert.Equal([0, 2, 4, 6, 8, 10, 12, 14, 16, 18], pastWindow);
        Assert.Equal(60, run.Statistics.PromptTokens);
        Assert.Equal(40, run.Statistics.NewTokens);
        Assert.Equal(20, run.Statistics.DecodedTokens);
        Assert.True(run.Statistics.PastWindowTime > TimeSpan.Zero);
        Assert.InRange(run.Statistics.TimeToFirstToken, TimeSpan.FromTicks(1), run.Statistics.PrefillTime);
        Assert.True(generator.Generate(Ids(71)).IsPastWindow);
    }

    [Fact]
    public void Generate_stop_string_ends_the_text_before_it_wherever_tokens_are_cut()
    {
        var options = new GenerationOptions { Seed = 12, Temperature = 1.5f, MaxNewTokens = 60 };
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        string text = generator.Generate("x", options).Complete()[0];
        for (int start = 0; start < 50; start += 7)
        {
            string stop = text.Substring(start, 5);
            using GenerationRun run = generator.Generate("x", options with { StopStrings = ["not there", stop] });

            Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], run.Complete()[0]);
            Assert.Equal(FinishReason.StopString, run.Samples[0].FinishReason);
            Assert.Equal(text[..(text.IndexOf(stop, StringComparison.Ordinal) + 5)], string.Concat(run.Samples[0].Ids.ToArray().Select(id => Letters[id])));
        }
    }

    [Fact]
    public void Generate_stop_string_in_the_prompt_or_across_its_end_is_none()
    {
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = 5 };
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        string text = generator.Generate("stop he", options).Complete()[0];

        Assert.Equal(text, generator.Generate("stop he", options with { StopStrings = ["stop", "e" + text[0]] }).Complete()[0]);
    }

    [Fact]
    public void Generate_beginning_of_a_stop_string_at_the_end_is_released()
    {
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = 8 };
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        string text = generator.Generate("x", options).Complete()[0];

        using GenerationRun run = generator.Generate("x", options with { StopStrings = [text[^3..] + "#"] });
        Assert.Equal(text, run.Complete()[0]);
        Assert.Equal(FinishReason.MaxTokens, run.Samples[0].FinishReason);
    }

    [Fact]
    public void Generate_end_token_is_an_id_but_no_text()
    {
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = 30 };
        using var plain = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        string text = plain.Generate("x", options).Complete()[0];
        int end = Letters.IndexOf(text[4], StringComparison.Ordinal), at = text.IndexOf(text[4], StringComparison.Ordinal);

        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1, endToken: end);
        using GenerationRun run = generator.Generate("x", options);

        Assert.Equal(text[..at], run.Complete()[0]);
        Assert.Equal(end, run.Samples[0].Ids[^1]);
        Assert.Equal(at + 1, run.Samples[0].Ids.Length);
        Assert.Equal(FinishReason.EndToken, run.Samples[0].FinishReason);
        Assert.Equal(text, generator.Generate("x", options with { EndTokens = [] }).Complete()[0]);
    }

    [Fact]
    public void Generate_bytes_that_are_half_a_character_come_out_as_one_decoding_of_all()
    {
        GptConfig config = Config with { VocabSize = 300 };   // padded: ids from 259 on have no text
        using var model = new InMemoryModel(config);
        ITokenizer tokenizer = TokenizerFactory.Create(TinyModels.Bpe());
        using var generator = new TextGenerator(model.Gpt, tokenizer, threads: 1);
        using GenerationRun run = generator.Generate("the ü", new GenerationOptions { Seed = 1, Temperature = 3, TopK = 0, MaxNewTokens = 60, SampleCount = 20 });

        string[] texts = run.Complete();

        Assert.Equal(tokenizer.Encode("the ü"), run.PromptIds.ToArray());
        for (int i = 0; i < texts.Length; i++)
        {
            byte[] bytes = [.. run.Samples[i].Ids.ToArray().SelectMany(id => tokenizer.TokenBytes(id).ToArray())];
            Assert.Equal(Encoding.UTF8.GetString(bytes), texts[i]);
        }
        Assert.Contains(run.Samples, sample => sample.Ids.ContainsAnyInRange(259, 299));
    }

    [Fact]
    public void Generate_words_are_parted_from_the_prompt_by_the_separator()
    {
        using var model = new InMemoryModel(Config with { VocabSize = 4 });
        ITokenizer words = TokenizerFactory.Create(TinyModels.Tokens(TokenizerKind.Words, [.. new[] { "I", "am", "here", "now" }.Select(Encoding.UTF8.GetBytes)]));
        using var generator = new TextGenerator(model.Gpt, words, threads: 1, startToken: 3);
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = 3 };
        using GenerationRun after = generator.Generate("I am", options), first = generator.Generate("", options);

        Assert.Matches("^( (I|am|here|now)){3}$", after.Complete()[0]);
        Assert.Matches("^(I|am|here|now)( (I|am|here|now)){2}$", first.Complete()[0]);
        Assert.Equal([3], first.PromptIds.ToArray());
    }

    [Fact]
    public void Generate_start_token_before_prompts_precedes_text_and_leaves_ids_as_they_are()
    {
        using var plain = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1, startToken: 7, startBeforePrompt: true);
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = 6 };
        using GenerationRun text = generator.Generate("cab", options), ids = generator.Generate([2, 0, 1], options), empty = generator.Generate("", options);

        Assert.Equal([7, 2, 0, 1], text.PromptIds.ToArray());
        Assert.Equal([2, 0, 1], ids.PromptIds.ToArray());
        Assert.Equal([7], empty.PromptIds.ToArray());
        Assert.Equal(plain.Generate([7, 2, 0, 1], options).Complete(), text.Complete());
    }

    [Fact]
    public void Generate_overflow_is_the_models_unless_the_options_say_otherwise()
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1, overflow: Overflow.Stop);
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = 80 };
        using GenerationRun run = generator.Generate(Ids(1), options), cropped = generator.Generate(Ids(1), options with { Overflow = Overflow.Crop });

        Assert.Equal(70, run.Complete()[0].Length);
        Assert.Equal(80, cropped.Complete()[0].Length);
        Assert.Equal(FinishReason.ContextFull, run.Samples[0].FinishReason);
    }

    [Fact]
    public void Generate_takes_caches_of_the_type_that_the_options_name()
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        var options = new GenerationOptions { Seed = 5, SampleCount = 3, Temperature = 1, TopK = 0, MaxNewTokens = 100 };
        foreach (KvType kvType in new[] { KvType.F32, KvType.Bf16, KvType.Bf16, KvType.F32 })
        {
            using GenerationRun run = generator.Generate(Ids(20), options with { KvType = kvType });
            run.Complete();
            for (int i = 0; i < options.SampleCount; i++)
            {
                var random = new RandomSource(5, (ulong)i);
                SamplerPipeline pipeline = SamplerPipeline.Create(temperature: 1, topK: 0);
                Assert.Equal(Reference(Ids(20), 100, logits => pipeline.Sample(logits, random), kvType), run.Samples[i].Ids.ToArray());
            }

            GenerationSession waiting = generator.Rent(kvType);   // what the run gave back
            Assert.Equal((kvType, kvType), (waiting.Cache(0).KvType, waiting.Cache(2).KvType));
            generator.Return(waiting);
        }
    }

    [Fact]
    public void Generate_without_a_cache_gives_the_same_samples_and_counts()
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 2);
        var options = new GenerationOptions { Seed = 5, SampleCount = 3, Temperature = 1, TopK = 0, MaxNewTokens = 60, EndTokens = [4] };
        using GenerationRun cached = generator.Generate(Ids(20), options), anew = generator.Generate(Ids(20), options with { UseKvCache = false });

        Assert.Equal(cached.Complete(), anew.Complete());
        Assert.Equal(cached.Samples.Select(sample => sample.Ids.ToArray()), anew.Samples.Select(sample => sample.Ids.ToArray()));
        Assert.Equal(cached.Statistics.DecodedTokens, anew.Statistics.DecodedTokens);
        Assert.Equal(cached.Statistics.PastWindowTokens, anew.Statistics.PastWindowTokens);
    }

    [Theory]
    [InlineData(true, new[] { 3, 1, 1, 1 })]
    [InlineData(false, new[] { 3, 4, 5, 6 })]
    public void Generate_computes_what_is_new_or_without_a_cache_all_that_a_token_sees(bool useKvCache, int[] needed)
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        GenerationSession session = generator.Rent(KvType.F32);   // the one that the run will take
        generator.Return(session);
        List<int> positions = [];
        session.Activations.Observer = output =>
        {
            if (output.Spec.Operation == ForwardOperation.Embedding)
                positions.Add(output.Values.Length / output.Spec.Width);
        };
        generator.Generate(Ids(3), new GenerationOptions { MaxNewTokens = 4, UseKvCache = useKvCache }).Complete();

        Assert.Equal(needed, positions);
    }

    [Fact]
    public void Generate_hashes_the_logits_that_tokens_were_chosen_from()
    {
        using var generator = new TextGenerator(_model.Gpt, _tokenizer, threads: 1);
        var options = new GenerationOptions { Seed = 5, Temperature = 1, TopK = 5, MaxNewTokens = 80 };
        using GenerationRun run = generator.Generate(Ids(20), options with { HashLogits = true }), plain = generator.Generate(Ids(20), options);
        Assert.Equal(plain.Complete(), run.Complete());

        List<float> seen = [];
        var random = new RandomSource(5, 0);
        SamplerPipeline pipeline = SamplerPipeline.Create(temperature: 1, topK: 5);
        Reference(Ids(20), 80, logits =>
        {
            seen.AddRange(logits);
            return pipeline.Sample(logits, random);
        });
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(seen.ToArray().AsSpan()))), run.Samples[0].LogitsHash);
        Assert.Null(plain.Samples[0].LogitsHash);
    }

    // Recomputes all of the last T_max tokens for each token, as generate() of the tutorials does.
    private int[] Reference(int[] prompt, int count, Func<float[], int> choose, KvType kvType = KvType.F32)
    {
        List<int> ids = [.. prompt];
        using var activations = new Activations(Config, threads: 1);
        for (int i = 0; i < count; i++)
        {
            using var cache = new KvCache(Config, kvType);
            var batch = new TokenBatch();
            batch.Add(cache, ids.TakeLast(Config.ContextLength).ToArray());
            ids.Add(choose(_model.Gpt.Forward(batch, activations).ToArray()));
        }
        return [.. ids.Skip(prompt.Length)];
    }

    private static int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => i * 7 % Letters.Length)];
}
