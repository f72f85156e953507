using MyGpt.Runtime.Scoring;

namespace MyGpt.Runtime.Tests.Scoring;

public class TextComparisonTests
{
    [Fact]
    public void Score_is_the_mean_over_all_tokens_and_the_bits_of_all_bytes()
    {
        var score = new TextScore(blockLength: 2);
        Assert.Equal((double.NaN, double.NaN), (score.Loss.Mean, score.BitsPerByte));
        score.Add(1, bytes: 2);
        score.Add(2, bytes: 0);
        score.Add(6, bytes: 4);
        Assert.Equal((3, 9.0, 3.0, 6), (score.Loss.Count, score.Loss.Total, score.Loss.Mean, score.Bytes));
        Assert.Equal(Math.E * Math.E * Math.E, score.Perplexity, 1e-12);
        Assert.Equal(9 / 0.6931471805599453 / 6, score.BitsPerByte, 1e-15);
    }

    [Fact]
    public void Comparison_sums_differences_token_by_token()
    {
        var comparison = new TextComparison(blockLength: 1);
        comparison.Add(1, Token(2, 1, divergence: 0.5, sameTop: true), bytes: 1);
        comparison.Add(2, Token(7, 6.5, divergence: 0.25, sameTop: false), bytes: 2);
        comparison.Add(3, Token(1, 1, divergence: 0, sameTop: true), bytes: 3);
        Assert.Equal((10 / 3.0, 8.5 / 3, 6, 6), (comparison.Score.Loss.Mean, comparison.Baseline.Loss.Mean, comparison.Score.Bytes, comparison.Baseline.Bytes));
        Assert.Equal(0.5, comparison.Increase.Mean);
        Assert.Equal(Math.Sqrt((0.25 + 0 + 0.25) / 2 / 3), comparison.Increase.StandardError, 1e-15);
        Assert.Equal(Math.Exp(0.5) - 1, comparison.PerplexityIncrease, 1e-15);
        Assert.Equal(comparison.Score.Perplexity / comparison.Baseline.Perplexity - 1, comparison.PerplexityIncrease, 1e-14);
        Assert.Equal(Math.Exp(0.5) * comparison.Increase.StandardError, comparison.PerplexityIncreaseError, 1e-15);
        Assert.Equal(0.25, comparison.Divergence.Mean);
        Assert.Equal((2, 2.0 / 3), (comparison.SameTopCount, comparison.SameTopShare));
        Assert.Equal([1, 2], comparison.Worst.InOrder.Select(token => token.Index));
    }

    [Fact]
    public void Perplexity_increase_of_nearly_equal_models_does_not_cancel()
    {
        var comparison = new TextComparison(blockLength: 1);
        comparison.Add(1, Token(1e-12, 0), bytes: 1);
        Assert.Equal(1e-12, comparison.PerplexityIncrease, 1e-24);
    }

    [Fact]
    public void Worst_are_the_largest_increases_in_order_and_of_equal_ones_the_first()
    {
        double[] increases = [0, 3, 1, -2, 3, 2, 3, 0.5, double.NaN];
        var worst = new WorstTokens(4);
        for (int i = 0; i < increases.Length; i++)
            worst.Add(i, Token(increases[i], 0));
        Assert.Equal([1, 4, 6, 5], worst.InOrder.Select(token => token.Index));
        Assert.Equal([3, 3, 3, 2], worst.InOrder.Select(token => token.Comparison.Increase));
    }

    private static TokenComparison Token(double loss, double baseline, double divergence = 0, bool sameTop = true) =>
        new(new TokenScore(loss, 1), new TokenScore(baseline, 1), divergence, sameTop);
}
