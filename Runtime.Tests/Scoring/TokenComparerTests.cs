using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.Scoring;

public class TokenComparerTests
{
    // Logits within 3e-6 of the largest: a divergence is a mean of differences of two such figures, a loss one of them.
    private const double LogitTolerance = 3e-6;

    private static readonly GptConfig Config = TinyModels.Config with { ContextLength = 50 };

    // 120,000 logits: pieces of 17 tokens side by side and of 34 alone.
    private static readonly GptConfig Large = TinyModels.Config with { VocabSize = 120_000, ContextLength = 40, TiedHead = true };

    [Fact]
    public void Comparison_matches_double_precision_reference()
    {
        using InMemoryModel model = new(Config, seed: 1), baseline = new(Config, seed: 2);
        int[] ids = ModelRuns.Ids(Config, 51);
        double[][] q = [.. model.Reference.Forward(ids[..^1]).Select(LogProbabilities)], p = [.. baseline.Reference.Forward(ids[..^1]).Select(LogProbabilities)];
        double tolerance = 4 * LogitTolerance * p.Concat(q).Max(row => row.Max(Math.Abs));
        TokenComparison[] found = Compare(model, baseline, ids, 50);
        for (int t = 0; t < found.Length; t++)
        {
            Assert.Equal(-q[t][ids[t + 1]], found[t].Score.Loss, tolerance);
            Assert.Equal(-p[t][ids[t + 1]], found[t].Baseline.Loss, tolerance);
            Assert.Equal(p[t].Zip(q[t], (a, b) => Math.Exp(a) * (a - b)).Sum(), found[t].Divergence, tolerance);
            Assert.Equal(Array.IndexOf(p[t], p[t].Max()) == Array.IndexOf(q[t], q[t].Max()), found[t].SameTop);
        }
        Assert.Contains(found, token => token.SameTop);
        Assert.Contains(found, token => !token.SameTop);
        Assert.Contains(found, token => token.Increase < 0);
    }

    // Greedy generation takes the first of equal logits: that is the top token, and not whichever the other model would take.
    [Theory]
    [InlineData(true, new float[] { 0, 3, 1, 3 }, new float[] { 0, 5, 5, 1 })]
    [InlineData(false, new float[] { 0, 3, 1, 3 }, new float[] { 0, 1, 1, 5 })]
    [InlineData(false, new float[] { 0, 1, 1, 5 }, new float[] { 0, 3, 1, 3 })]
    public void Top_token_is_the_first_of_equal_ones(bool same, float[] logits, float[] baseline) =>
        Assert.Equal(same, TokenComparer.Compare(logits, baseline, token: 2).SameTop);

    [Theory]
    [InlineData(40)]
    [InlineData(18)]
    [InlineData(1)]
    public void Scores_are_those_of_each_model_alone_bit_for_bit(int count)
    {
        using InMemoryModel model = new(Large, seed: 1), baseline = new(Large, seed: 2);
        int[] ids = ModelRuns.Ids(Large, 41);
        TokenComparison[] found = Compare(model, baseline, ids, count);
        Assert.Equal(Scores(model, ids, count), found.Select(token => token.Score));
        Assert.Equal(Scores(baseline, ids, count), found.Select(token => token.Baseline));
    }

    [Fact]
    public void Model_against_itself_differs_in_nothing()
    {
        using InMemoryModel model = new(Config);
        Assert.All(Compare(model, model, ModelRuns.Ids(Config, 51), 50), token => Assert.Equal((0.0, 0.0, true), (token.Increase, token.Divergence, token.SameTop)));
    }

    [Fact]
    public void Models_of_two_vocabularies_and_windows_beyond_the_smaller_context_are_refused()
    {
        using InMemoryModel model = new(Config), other = new(Config with { VocabSize = 12 }), small = new(Config with { ContextLength = 5 });
        Assert.Throws<ArgumentException>(() => new TokenComparer(model.Gpt, other.Gpt, 1));
        using var comparer = new TokenComparer(model.Gpt, small.Gpt, 1);
        comparer.Compare(new int[6], new TokenComparison[5]);
        Assert.Throws<ArgumentException>(() => comparer.Compare(new int[7], new TokenComparison[6]));
        Assert.Throws<OperationCanceledException>(() => comparer.Compare(new int[6], new TokenComparison[5], new CancellationToken(canceled: true)));
    }

    private static TokenComparison[] Compare(InMemoryModel model, InMemoryModel baseline, int[] ids, int count)
    {
        using var comparer = new TokenComparer(model.Gpt, baseline.Gpt, 2);
        var found = new TokenComparison[count];
        comparer.Compare(ids, found);
        return found;
    }

    private static TokenScore[] Scores(InMemoryModel model, int[] ids, int count)
    {
        using var scorer = new TokenScorer(model.Gpt, 1);
        var found = new TokenScore[count];
        scorer.Score(ids, found);
        return found;
    }

    private static double[] LogProbabilities(double[] logits)
    {
        double max = logits.Max(), sum = Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => logit - max - sum)];
    }
}
