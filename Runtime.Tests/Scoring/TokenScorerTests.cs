using System.Text.Json;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Scoring;

public class TokenScorerTests
{
    // Logits within 3e-6 of the largest, as everywhere: a loss is a difference of two such figures.
    private const double LogitTolerance = 3e-6;

    // 120,000 logits: pieces of 34 tokens, so that a window is computed in three.
    private static readonly GptConfig Large = TinyModels.Config with { VocabSize = 120_000, ContextLength = 80, TiedHead = true };

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.Bf16)]
    public void Losses_match_double_precision_reference(ElementType type)
    {
        using var model = new InMemoryModel(TinyModels.Config with { ContextLength = 50 }, type);
        AssertMatchesReference(model, ModelRuns.Ids(model.Config, 51));
        AssertMatchesReference(model, ModelRuns.Ids(model.Config, 2));
    }

    [Fact]
    public void Losses_of_a_window_in_pieces_match_double_precision_reference()
    {
        using var model = new InMemoryModel(Large);
        AssertMatchesReference(model, ModelRuns.Ids(Large, 81));
    }

    [Fact]
    public void Losses_do_not_depend_on_threads_nor_on_the_window_before()
    {
        using var model = new InMemoryModel(TinyModels.Config with { EmbeddingDim = 96, MlpDim = 300, ContextLength = 60 });
        int[] ids = ModelRuns.Ids(model.Config, 61);
        double[] expected = Losses(model, ids, 1);
        var again = new TokenScore[60];
        Assert.Equal(expected, Losses(model, ids, 3));
        using var scorer = new TokenScorer(model.Gpt, 2);
        scorer.Score([3, 1, 2], new TokenScore[2]);
        scorer.Score(ids, again);
        Assert.Equal(expected, again.Select(score => score.Loss));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(33)]
    [InlineData(34)]
    [InlineData(35)]
    [InlineData(79)]
    public void Scores_of_the_last_tokens_are_the_last_of_all_scores(int count)
    {
        using var model = new InMemoryModel(Large);
        int[] ids = ModelRuns.Ids(Large, 81);
        TokenScore[] all = new TokenScore[80], last = new TokenScore[count];
        using var scorer = new TokenScorer(model.Gpt, 1);
        scorer.Score(ids, all);
        scorer.Score(ids, last);
        Assert.Equal(all[^count..], last);
    }

    [Fact]
    public void Ranks_count_the_larger_logits()
    {
        using var model = new InMemoryModel(TinyModels.Config with { ContextLength = 50 });
        int[] ids = ModelRuns.Ids(model.Config, 51);
        double[][] logits = model.Reference.Forward(ids[..^1]);
        var scores = new TokenScore[50];
        using var scorer = new TokenScorer(model.Gpt, 1);
        scorer.Score(ids, scores);
        Assert.Equal(logits.Select((row, t) => 1 + row.Count(logit => logit > row[ids[t + 1]])), scores.Select(score => score.Rank));
    }

    [Theory]
    [InlineData("mygpt_ch15_bare_state_dict", "trained_gpt.pt", 2)]
    [InlineData("mygpt_ch18_old_config", "ch18.ckpt", null)]
    [InlineData("mygpt_final_shakespeare", "shakespeare.ckpt", null)]
    [InlineData("nanogpt_char_nobias", "ckpt.pt", null)]
    public void Losses_of_a_fixture_are_those_of_PyTorchs_logits(string fixture, string checkpoint, int? heads)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Converter.Convert(TestFiles.Fixture($"{fixture}/{checkpoint}"), folder.File("w.bin"), new ConvertOptions { Heads = heads });
        using LanguageModel model = LanguageModel.Open(folder.File("w.bin"), threads: 1);
        using var scorer = new TokenScorer(model.Gpt, 1);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Fixture($"{fixture}/expected.json")));
        byte[] reference = File.ReadAllBytes(TestFiles.Fixture($"{fixture}/{json.RootElement.GetProperty("logits_file").GetString()}"));
        int compared = 0;
        foreach (JsonElement item in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            int[] ids = [.. item.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32())];
            if (item.GetProperty("logits_positions").GetString() != "all" || ids.Length < 2)
                continue;
            int offset = item.GetProperty("logits_offset").GetInt32(), vocabSize = model.Gpt.Config.VocabSize;
            var scores = new TokenScore[ids.Length - 1];
            scorer.Score(ids, scores);
            double largest = item.GetProperty("max_abs_logit").GetDouble();
            for (int t = 0; t < scores.Length; t++, compared++)
            {
                int row = offset + (t * vocabSize);
                double[] logits = [.. Enumerable.Range(row, vocabSize).Select(i => (double)BitConverter.ToSingle(reference, i * sizeof(float)))];
                Assert.Equal(Loss(logits, ids[t + 1]), scores[t].Loss, 2 * LogitTolerance * largest);
            }
        }
        Assert.InRange(compared, 5, int.MaxValue);
    }

    [Fact]
    public void Score_refuses_what_does_not_fit()
    {
        using var model = new InMemoryModel(TinyModels.Config);
        using var scorer = new TokenScorer(model.Gpt, 1);
        Assert.Throws<ArgumentException>(() => scorer.Score([1], []));
        Assert.Throws<ArgumentException>(() => scorer.Score([], []));
        Assert.Throws<ArgumentException>(() => scorer.Score([1, 2, 3], []));
        Assert.Throws<ArgumentException>(() => scorer.Score([1, 2, 3], new TokenScore[3]));
        Assert.Throws<ArgumentException>(() => scorer.Score(new int[9], new TokenScore[8]));   // T_max is 7
        Assert.Contains("token id 11", Assert.Throws<ArgumentException>(() => scorer.Score([1, 11], new TokenScore[1])).Message, StringComparison.Ordinal);
        Assert.Contains("token id 11", Assert.Throws<ArgumentException>(() => scorer.Score([11, 1], new TokenScore[1])).Message, StringComparison.Ordinal);
        Assert.Contains("token id -1", Assert.Throws<ArgumentException>(() => scorer.Score([1, -1, 2], new TokenScore[2])).Message, StringComparison.Ordinal);
        scorer.Score(new int[8], new TokenScore[7]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public void Score_is_cancelled_between_pieces(int predictions)
    {
        using var model = new InMemoryModel(TinyModels.Config);
        using var scorer = new TokenScorer(model.Gpt, 1);
        Assert.Throws<OperationCanceledException>(() => scorer.Score([1, 2, 3], new TokenScore[predictions], new CancellationToken(canceled: true)));
    }

    private static void AssertMatchesReference(InMemoryModel model, int[] ids)
    {
        double[][] logits = model.Reference.Forward(ids[..^1]);
        double largest = logits.Max(row => row.Max(Math.Abs));
        double[] actual = Losses(model, ids, threads: 2);
        for (int t = 0; t < actual.Length; t++)
            Assert.Equal(Loss(logits[t], ids[t + 1]), actual[t], 2 * LogitTolerance * largest);
    }

    private static double[] Losses(InMemoryModel model, int[] ids, int threads)
    {
        using var scorer = new TokenScorer(model.Gpt, threads);
        var scores = new TokenScore[ids.Length - 1];
        scorer.Score(ids, scores);
        return [.. scores.Select(score => score.Loss)];
    }

    private static double Loss(double[] logits, int token)
    {
        double max = logits.Max();
        return Math.Log(logits.Sum(logit => Math.Exp(logit - max))) + max - logits[token];
    }
}
