using MyGpt.Runtime.Scoring;

namespace MyGpt.Runtime.Tests.Scoring;

public class KlDivergenceTests
{
    // A sum of up to 1,000 terms in four lanes, each within a few 2^-53 of p times the difference of the logits.
    private const double Tolerance = 1e-13;

    [Theory]
    [InlineData(0.1f, 0.001f)]
    [InlineData(5, 0.1f)]
    [InlineData(5, 5)]
    [InlineData(100, 50)]
    public void Of_matches_reference_at_every_length(float spread, float change)
    {
        var random = new Random(4);
        foreach (int length in Enumerable.Range(1, 40).Append(1_000))
        {
            float[] reference = Row(length, spread), logits = [.. reference.Zip(Row(length, change), (a, b) => a + b)];
            double most = reference.Zip(logits, (a, b) => Math.Abs((double)a - b)).Max();
            Assert.Equal(Reference(reference, logits), KlDivergence.Of(reference, logits), Tolerance * Math.Max(1, most));
        }

        float[] Row(int length, float size) => [.. Enumerable.Range(0, length).Select(_ => (float)((random.NextDouble() - 0.5) * 2 * size))];
    }

    [Fact]
    public void Of_known_distributions_is_the_figure_by_hand()
    {
        // P = (3/4, 1/4), Q = (1/2, 1/2): 3/4 ln 3/2 + 1/4 ln 1/2.
        float[] p = [(float)Math.Log(3), 0], q = [7, 7];
        Assert.Equal((0.75 * Math.Log(1.5)) + (0.25 * Math.Log(0.5)), KlDivergence.Of(p, q), 1e-7);   // ln 3 is rounded to float32
        Assert.Equal((0.5 * Math.Log(2.0 / 3)) + (0.5 * Math.Log(2)), KlDivergence.Of(q, p), 1e-7);
    }

    [Fact]
    public void Of_equal_rows_and_of_shifted_ones_is_0()
    {
        float[] logits = [.. Enumerable.Range(0, 50_257).Select(i => MathF.Sin(i) * 9)];
        Assert.Equal(0, KlDivergence.Of(logits, logits));
        Assert.Equal(0, KlDivergence.Of([1, 2, 3], [5, 6, 7]), 1e-15);
        Assert.Equal(0, KlDivergence.Of([1, float.NegativeInfinity], [1, float.NegativeInfinity]));
    }

    [Fact]
    public void Of_what_one_side_rules_out_is_nothing_or_infinite()
    {
        Assert.Equal(Math.Log(2), KlDivergence.Of([1, float.NegativeInfinity], [1, 1]), 1e-15);
        Assert.Equal(double.PositiveInfinity, KlDivergence.Of([1, 1], [1, float.NegativeInfinity]));
        Assert.Equal(0, KlDivergence.Of([0, -1e30f], [0, -3e38f]));
    }

    [Fact]
    public void Of_logits_that_are_no_numbers_is_NaN()
    {
        foreach (int length in new[] { 3, 4, 9 })
        {
            foreach (float wrong in new[] { float.NaN, float.PositiveInfinity })
            {
                float[] good = new float[length], bad = new float[length];
                bad[length - 1] = wrong;
                Assert.Equal(double.NaN, KlDivergence.Of(good, bad));
                Assert.Equal(double.NaN, KlDivergence.Of(bad, good));
                Assert.Equal(double.NaN, KlDivergence.Of(bad, bad));
            }
        }
    }

    [Fact]
    public void Of_rows_of_two_lengths_is_refused() => Assert.Throws<ArgumentException>(() => KlDivergence.Of([1, 2], [1]));

    private static double Reference(float[] reference, float[] logits)
    {
        double[] p = LogProbabilities(reference), q = LogProbabilities(logits);
        return p.Zip(q, (a, b) => Math.Exp(a) * (a - b)).Sum();
    }

    private static double[] LogProbabilities(float[] logits)
    {
        double max = logits.Max(), sum = Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => logit - max - sum)];
    }
}
