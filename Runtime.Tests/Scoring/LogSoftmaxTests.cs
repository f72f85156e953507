using MyGpt.Runtime.Scoring;

namespace MyGpt.Runtime.Tests.Scoring;

public class LogSoftmaxTests
{
    // The series of exp leaves 2^-53 of each term, the sum of up to 1,000 of them a few roundings more.
    private const double Tolerance = 1e-14;

    [Theory]
    [InlineData(0.1f)]
    [InlineData(5)]
    [InlineData(300)]
    public void Of_matches_reference_at_every_length(float spread)
    {
        var random = new Random(3);
        foreach (int length in Enumerable.Range(1, 40).Append(1_000))
        {
            float[] logits = [.. Enumerable.Range(0, length).Select(_ => (float)((random.NextDouble() - 0.5) * 2 * spread))];
            for (int token = 0; token < length; token += 1 + (length / 20))
            {
                double expected = Reference(logits, token);
                Assert.Equal(expected, LogSoftmax.Of(logits, token), Tolerance * Math.Max(1, Math.Abs(expected)));
            }
        }
    }

    [Fact]
    public void Of_equal_logits_is_minus_ln_of_their_number()
    {
        float[] logits = new float[50257];
        Array.Fill(logits, -3e38f);
        Assert.Equal(-Math.Log(50257), LogSoftmax.Of(logits, 50256), Tolerance);
    }

    [Fact]
    public void Of_far_apart_logits_is_their_difference()
    {
        Assert.Equal(0, LogSoftmax.Of([0, -1e30f, float.NegativeInfinity], 0));
        Assert.Equal(-1e30f, LogSoftmax.Of([0, -1e30f, float.NegativeInfinity], 1));
        Assert.Equal(double.NegativeInfinity, LogSoftmax.Of([0, -1e30f, float.NegativeInfinity], 2));
    }

    [Fact]
    public void Of_logits_that_are_no_numbers_is_NaN()
    {
        Assert.Equal(double.NaN, LogSoftmax.Of([1, float.NaN, 3, 4], 0));
        Assert.Equal(double.NaN, LogSoftmax.Of([float.NaN], 0));
        Assert.Equal(double.NaN, LogSoftmax.Of([1, 2, 3, 4, 5, 6, 7, 8, float.PositiveInfinity], 0));
        Assert.Equal(double.NaN, LogSoftmax.Of([float.NegativeInfinity, float.NegativeInfinity], 0));
    }

    [Fact]
    public void Of_a_token_beyond_the_vocabulary_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => LogSoftmax.Of([1, 2], 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => LogSoftmax.Of([1, 2], -1));
    }

    private static double Reference(float[] logits, int token)
    {
        double max = logits.Max();
        return logits[token] - max - Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
    }
}
