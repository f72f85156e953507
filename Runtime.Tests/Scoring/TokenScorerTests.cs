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
        double[] expected = Losses(model, ids, 1), again = new double[60];
        Assert.Equal(expected, Losses(model, ids, 3));
        using var scorer = new TokenScorer(model.Gpt, 2);
        scorer.Losses([3, 1, 2], new double[2]);
        scorer.Losses(ids, again);
        Assert.Equal(expected, again);
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
            double[] losses = new double[ids.Length - 1];
            scorer.Losses(ids, losses);
            double largest = item.GetProperty("max_abs_logit").GetDouble();
            for (int t = 0; t < losses.Length; t++, compared++)
            {
                int row = offset + (t * vocabSize);
                double[] logits = [.. Enumerable.Range(row, vocabSize).Select(i => (double)BitConverter.ToSingle(reference, i * sizeof(float)))];
                Assert.Equal(Loss(logits, ids[t + 1]), losses[t], 2 * LogitTolerance * largest);
            }
        }
        Assert.InRange(compared, 5, int.MaxValue);
    }

    [Fact]
    public void Losses_refuses_what_does_not_fit()
    {
        using var model = new InMemoryModel(TinyModels.Config);
        using var scorer = new TokenScorer(model.Gpt, 1);
        Assert.Throws<ArgumentException>(() => scorer.Losses([1], []));
        Assert.Throws<ArgumentException>(() => scorer.Losses([], []));
        Assert.Throws<ArgumentException>(() => scorer.Losses([1, 2, 3], new double[3]));
        Assert.Throws<ArgumentException>(() => scorer.Losses(new int[9], new double[8]));   // T_max is 7
        Assert.Contains("token id 11", Assert.Throws<ArgumentException>(() => scorer.Losses([1, 11], new double[1])).Message, StringComparison.Ordinal);
        Assert.Contains("token id 11", Assert.Throws<ArgumentException>(() => scorer.Losses([11, 1], new double[1])).Message, StringComparison.Ordinal);
        scorer.Losses(new int[8], new double[7]);
    }

    [Fact]
    public void Losses_is_cancelled_between_pieces()
    {
        using var model = new InMemoryModel(TinyModels.Config);
        using var scorer = new TokenScorer(model.Gpt, 1);
        Assert.Throws<OperationCanceledException>(() => scorer.Losses([1, 2], new double[1], new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Score_is_the_mean_over_all_tokens()
    {
        var score = new TextScore();
        Assert.Equal(double.NaN, score.MeanLoss);
        score.Add([1, 2]);
        score.Add([6]);
        Assert.Equal((3, 9.0, 3.0), (score.Tokens, score.TotalLoss, score.MeanLoss));
        Assert.Equal(Math.E * Math.E * Math.E, score.Perplexity, 1e-12);
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
        double[] losses = new double[ids.Length - 1];
        scorer.Losses(ids, losses);
        return losses;
    }

    private static double Loss(double[] logits, int token)
    {
        double max = logits.Max();
        return Math.Log(logits.Sum(logit => Math.Exp(logit - max))) + max - logits[token];
    }
}
