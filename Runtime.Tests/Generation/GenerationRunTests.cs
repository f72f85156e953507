using System.Text;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Generation;

/// <summary>How a run behaves: steps, cancellation, disposal, misuse, memory.</summary>
public sealed class GenerationRunTests : IDisposable
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz .,!?\n";

    private static readonly GptConfig Config = TinyModels.Config with { VocabSize = Letters.Length, ContextLength = 60, MlpDim = 23 };

    private readonly InMemoryModel _model = new(Config);
    private readonly TextGenerator _generator;

    public GenerationRunTests() =>
        _generator = new TextGenerator(_model.Gpt, TokenizerFactory.Create(TinyModels.Characters(Letters)), threads: 1);

    public void Dispose()
    {
        _generator.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void GetEnumerator_gives_the_text_in_pieces()
    {
        var options = new GenerationOptions { Seed = 5, MaxNewTokens = 30 };
        var text = new StringBuilder();
        int pieces = 0;

        foreach (ReadOnlySpan<char> piece in _generator.Generate("ab", options))
        {
            Assert.False(piece.IsEmpty);
            text.Append(piece);
            pieces++;
        }

        Assert.Equal(30, pieces);
        Assert.Equal(_generator.Generate("ab", options).Complete()[0], text.ToString());
    }

    [Fact]
    public void GetEnumerator_of_several_samples_throws()
    {
        using GenerationRun run = _generator.Generate("ab", new GenerationOptions { SampleCount = 2 });

        Assert.Throws<InvalidOperationException>(() => Iterate(run));
    }

    [Fact]
    public void GetEnumerator_left_early_disposes_the_run()
    {
        GenerationRun run = _generator.Generate("ab");
        foreach (ReadOnlySpan<char> piece in run)
            break;

        Assert.Throws<ObjectDisposedException>(() => run.MoveNext());
        Assert.Equal(1, run.Samples[0].Ids.Length);
        Assert.Null(run.Samples[0].FinishReason);
    }

    [Fact]
    public void MoveNext_after_the_end_returns_false_and_has_no_text()
    {
        using GenerationRun run = _generator.Generate("ab", new GenerationOptions { MaxNewTokens = 2 });

        Assert.True(run.MoveNext());
        Assert.True(run.MoveNext());
        Assert.False(run.Samples[0].NewText.IsEmpty);
        Assert.False(run.MoveNext());
        Assert.True(run.Samples[0].NewText.IsEmpty);
        Assert.False(run.MoveNext());
    }

    [Fact]
    public void MoveNext_no_tokens_wanted_ends_at_once()
    {
        using GenerationRun run = _generator.Generate("ab", new GenerationOptions { MaxNewTokens = 0, SampleCount = 2 });

        Assert.False(run.MoveNext());
        Assert.All(run.Samples, sample => Assert.Equal(FinishReason.MaxTokens, sample.FinishReason));
        Assert.Equal(0, run.Statistics.PromptTokens);
    }

    [Fact]
    public void MoveNext_cancelled_before_the_start_gives_nothing()
    {
        using GenerationRun run = _generator.Generate("ab", null, new CancellationToken(canceled: true));

        Assert.Equal("", run.Complete()[0]);
        Assert.Equal(FinishReason.Cancelled, run.Samples[0].FinishReason);
    }

    [Fact]
    public void MoveNext_cancelled_on_the_way_ends_after_the_token_and_releases_what_was_held()
    {
        var options = new GenerationOptions { Temperature = 0 };
        string text = _generator.Generate("ab", options with { MaxNewTokens = 4 }).Complete()[0];
        using var cancellation = new CancellationTokenSource();
        using GenerationRun run = _generator.Generate("ab", options with { StopStrings = [text[2..] + "#"] }, cancellation.Token);
        for (int i = 0; i < 4; i++)
            Assert.True(run.MoveNext());
        Assert.True(run.Samples[0].NewText.IsEmpty);

        cancellation.Cancel();

        Assert.True(run.MoveNext());
        Assert.Equal(text[2..], run.Samples[0].NewText.ToString());
        Assert.Equal(FinishReason.Cancelled, run.Samples[0].FinishReason);
        Assert.Equal(4, run.Samples[0].Ids.Length);
        Assert.False(run.MoveNext());
    }

    [Fact]
    public void MoveNext_runs_side_by_side_do_not_disturb_each_other()
    {
        var options = new GenerationOptions { Seed = 1, MaxNewTokens = 40 };
        string[] expected = [_generator.Generate("ab", options).Complete()[0], _generator.Generate("cd", options).Complete()[0]];
        using GenerationRun first = _generator.Generate("ab", options), second = _generator.Generate("cd", options);
        var texts = new StringBuilder[] { new(), new() };
        while (first.MoveNext() && second.MoveNext())
        {
            texts[0].Append(first.Samples[0].NewText);
            texts[1].Append(second.Samples[0].NewText);
        }

        Assert.Equal(expected, texts.Select(text => text.ToString()));
    }

    [Fact]
    public void MoveNext_after_the_generator_was_disposed_throws()
    {
        using GenerationRun run = _generator.Generate("ab");
        run.MoveNext();

        _generator.Dispose();

        Assert.Throws<ObjectDisposedException>(() => run.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => _generator.Generate("ab"));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(3, 1)]
    public void MoveNext_allocates_nothing_in_the_steady_state(int samples, int threads)
    {
        GptConfig config = Config with { ContextLength = 300 };
        using var model = new InMemoryModel(config);
        using var generator = new TextGenerator(model.Gpt, TokenizerFactory.Create(TinyModels.Characters(Letters)), threads);
        var options = new GenerationOptions { SampleCount = samples, MaxNewTokens = 290, TopK = 5, StopStrings = ["\n\n\n\n\n\n\n\n", "zebra crossing"] };
        using (GenerationRun first = generator.Generate("ab", options))   // the caches take their pages once
            first.Complete();
        using GenerationRun run = generator.Generate("ab", options);
        for (int i = 0; i < 3; i++)
            run.MoveNext();

        for (int i = 0; i < 200; i++)
            Assert.Equal(0, Allocations.Of(() => Assert.True(run.MoveNext())));
    }

    [Theory]
    [InlineData(0f, 0, 1)]
    [InlineData(0.8f, 0, 1)]
    [InlineData(0.8f, 5, 1)]
    [InlineData(0f, 0, 3)]
    [InlineData(0.8f, 0, 3)]
    public void MoveNext_allocates_nothing_however_tokens_are_chosen(float temperature, int topK, int samples)
    {
        using GenerationRun run = _generator.Generate("ab", new GenerationOptions { MaxNewTokens = 400, Temperature = temperature, TopK = topK, SampleCount = samples, StopStrings = ["no such text"] });
        for (int i = 0; i < 3; i++)
            run.MoveNext();

        while (!run.IsPastWindow)
            Assert.Equal(0, Allocations.Of(() => Assert.True(run.MoveNext())));
    }

    [Theory]
    [InlineData(0f, 0, 1)]
    [InlineData(0.8f, 0, 1)]
    [InlineData(0.8f, 5, 3)]
    public void MoveNext_past_the_window_allocates_nothing_either(float temperature, int topK, int samples)
    {
        using GenerationRun run = _generator.Generate("ab", new GenerationOptions { MaxNewTokens = 400, Temperature = temperature, TopK = topK, SampleCount = samples });
        while (!run.IsPastWindow || run.Statistics.PastWindowTokens < 2 * samples)
            run.MoveNext();

        for (int i = 0; i < 20; i++)
            Assert.Equal(0, Allocations.Of(() => Assert.True(run.MoveNext())));
    }

    [Fact]
    public void Generate_empty_prompt_without_a_start_token_throws()
    {
        Assert.Contains("prompt is empty", Assert.Throws<ArgumentException>(() => _generator.Generate("")).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _generator.Generate(ReadOnlySpan<int>.Empty));
    }

    [Fact]
    public void Generate_empty_prompt_begins_with_the_end_of_text_of_gpt2()
    {
        using var model = new InMemoryModel(Config with { VocabSize = 260 });
        ITokenizer tokenizer = TokenizerFactory.Create(TinyModels.Bpe());
        using TextGenerator byDefault = new(model.Gpt, tokenizer, 1), chosen = new(model.Gpt, tokenizer, 1, startToken: '\n');

        Assert.Equal([258], byDefault.Generate("").PromptIds.ToArray());
        Assert.Equal(['\n'], chosen.Generate("").PromptIds.ToArray());
    }

    [Fact]
    public void Generate_special_token_in_the_prompt_is_text_unless_allowed()
    {
        using var model = new InMemoryModel(Config with { VocabSize = 260 });
        using var generator = new TextGenerator(model.Gpt, TokenizerFactory.Create(TinyModels.Bpe()), threads: 1);

        Assert.Equal(13, generator.Generate("<|endoftext|>").PromptIds.Length);
        Assert.Equal([258], generator.Generate("<|endoftext|>", new GenerationOptions { AllowSpecial = true }).PromptIds.ToArray());
    }

    [Fact]
    public void Generate_id_beyond_the_vocabulary_throws_and_names_it()
    {
        Assert.Equal("prompt token 1: id 32 found, 0 to 31 needed", Assert.Throws<ArgumentException>(() => _generator.Generate([0, 32])).Message);
        Assert.Throws<ArgumentException>(() => _generator.Generate([-1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => _generator.Generate("ab", new GenerationOptions { EndTokens = [32] }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TextGenerator(_model.Gpt, null, 1, startToken: 32));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TextGenerator(_model.Gpt, null, 1, endToken: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TextGenerator(_model.Gpt, null, threads: 0));
    }

    [Fact]
    public void Generate_unknown_character_throws() => Assert.Throws<UnknownTextException>(() => _generator.Generate("aß"));

    [Fact]
    public void Generate_without_a_tokenizer_takes_and_gives_ids()
    {
        using var generator = new TextGenerator(_model.Gpt, null, threads: 1);
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = 6 };
        using GenerationRun run = generator.Generate([0, 1], options), same = _generator.Generate("ab", options);
        while (run.MoveNext())
            Assert.True(run.Samples[0].NewText.IsEmpty);
        same.Complete();

        Assert.Equal(same.Samples[0].Ids.ToArray(), run.Samples[0].Ids.ToArray());
        Assert.Throws<InvalidOperationException>(() => generator.Generate("ab"));
        Assert.Throws<InvalidOperationException>(() => run.Complete());
        Assert.Throws<InvalidOperationException>(() => Iterate(run));
        Assert.Throws<ArgumentException>(() => generator.Generate([0], new GenerationOptions { StopStrings = ["a"] }));
    }

    [Fact]
    public void MoveNext_logits_that_are_no_numbers_throw()
    {
        using var model = new InMemoryModel(Config with { NormEpsilon = float.NaN });
        using var generator = new TextGenerator(model.Gpt, null, threads: 1);

        GenerationRun run = generator.Generate([0, 1]);
        Assert.Throws<NoTokenException>(() => run.MoveNext());
        Assert.Throws<ObjectDisposedException>(() => run.MoveNext());   // half a step is no state to go on from
    }

    private static void Iterate(GenerationRun run)
    {
        foreach (ReadOnlySpan<char> piece in run)
            Assert.False(piece.IsEmpty);
    }
}
