using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Tests.Sampling;

public class PickerTests
{
    private const float Out = float.NegativeInfinity;

    [Fact]
    public void Greedy_picks_the_first_of_equals_at_every_length()
    {
        for (int length = 1; length < 40; length++)
        {
            for (int best = 0; best < length; best++)
            {
                float[] logits = [.. Enumerable.Range(0, length).Select(i => i == best || i == length - 1 ? -1f : -2f)];
                Assert.Equal(best, new Greedy().Pick(logits, new RandomSource(0)));
            }
        }
    }

    [Fact]
    public void Greedy_zeros_of_either_sign_are_equal()
    {
        var random = new Random(5);
        for (int trial = 0; trial < 200; trial++)
        {
            float[] logits = [.. Enumerable.Range(0, 70).Select(_ => random.Next(10) switch { 0 => 0f, 1 => -0f, _ => -1f })];
            logits[random.Next(70)] = -0f;
            Assert.Equal(Array.FindIndex(logits, logit => logit == 0), new Greedy().Pick(logits, new RandomSource(0)));
        }
    }

    [Fact]
    public void Greedy_draws_nothing()
    {
        var random = new RandomSource(0);

        new Greedy().Pick([1, 2], random);

        Assert.Equal(0UL, random.Position);
    }

    [Theory]
    [InlineData(new float[] { float.NaN, 1, float.NaN, 2, Out }, 3)]
    [InlineData(new float[] { Out, Out, -3e38f }, 2)]
    [InlineData(new float[] { 1, float.PositiveInfinity, float.NaN }, 1)]
    public void Pick_never_chooses_NaN_or_negative_infinity(float[] logits, int expected)
    {
        Assert.Equal(expected, new Greedy().Pick([.. logits], new RandomSource(0)));
        Assert.All(
            Enumerable.Range(0, 50),
            seed => Assert.True(logits[new Categorical().Pick([.. logits], new RandomSource((ulong)seed))] > Out));
    }

    [Theory]
    [InlineData(new float[] { float.NaN, float.NaN, float.NaN })]
    [InlineData(new float[] { Out, Out })]
    [InlineData(new float[] { Out, float.NaN, Out, Out, Out, Out, Out, Out, float.NaN })]
    public void Pick_without_any_possible_token_throws(float[] logits)
    {
        Assert.Throws<NoTokenException>(() => new Greedy().Pick([.. logits], new RandomSource(0)));
        Assert.Throws<NoTokenException>(() => new Categorical().Pick([.. logits], new RandomSource(0)));
        Assert.Throws<NoTokenException>(() => SamplerPipeline.Create(0.8f, 2).Sample([.. logits], new RandomSource(0)));
    }

    [Fact]
    public void Pick_without_logits_throws()
    {
        Assert.Throws<ArgumentException>(() => new Greedy().Pick([], new RandomSource(0)));
        Assert.Throws<ArgumentException>(() => new Categorical().Pick([], new RandomSource(0)));
    }

    [Fact]
    public void Categorical_infinite_logits_share_the_probability()
    {
        float[] logits = [1, float.PositiveInfinity, float.NaN, float.PositiveInfinity];

        Assert.Equal([0, 0.5f, 0, 0.5f], Distribution.Of(logits));
    }

    [Fact]
    public void Categorical_tokens_that_are_out_change_nothing_for_the_others()
    {
        float[] dense = [.. Enumerable.Range(0, 40).Select(i => i * 13 % 17 * 0.3f)], sparse = new float[400];
        Array.Fill(sparse, Out);
        for (int i = 0; i < dense.Length; i++)
            sparse[i * 7 + i % 5] = dense[i];

        var picker = new Categorical();
        for (ulong seed = 0; seed < 200; seed++)
        {
            int drawn = picker.Pick([.. dense], new RandomSource(seed));
            Assert.Equal(drawn * 7 + drawn % 5, picker.Pick([.. sparse], new RandomSource(seed)));
        }
    }

    [Fact]
    public void Draw_is_the_inverse_of_the_cumulative_probabilities()
    {
        float[] probabilities = [0, 0.25f, 0, 0.5f, 0.25f, 0];

        Assert.Equal(1, Categorical.Draw(probabilities, 0));
        Assert.Equal(1, Categorical.Draw(probabilities, Math.BitDecrement(0.25)));
        Assert.Equal(3, Categorical.Draw(probabilities, 0.25));
        Assert.Equal(3, Categorical.Draw(probabilities, Math.BitDecrement(0.75)));
        Assert.Equal(4, Categorical.Draw(probabilities, 0.75));
        Assert.Equal(4, Categorical.Draw(probabilities, Math.BitDecrement(1.0)));
    }

    [Theory]
    [InlineData(0.25, 256)]
    [InlineData(0.5, 512)]
    [InlineData(0.5 - 1e-9, 511)]
    public void Draw_exactly_between_two_blocks_takes_the_first_token_of_the_second(double unit, int expected) =>
        Assert.Equal(expected, Categorical.Draw(Enumerable.Repeat(0.5f, 1024).ToArray(), unit));

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    public void Draw_matches_one_plain_sum_at_block_borders(int length)
    {
        // Multiples of 2^-12 add up exactly, whatever the order.
        var random = new Random(length);
        float[] probabilities = [.. Enumerable.Range(0, length).Select(_ => random.Next(3) / 4096f)];
        probabilities[length / 2] = 5 / 4096f;
        double whole = probabilities.Sum(p => (double)p);
        for (int i = 0; i < 2000; i++)
        {
            double unit = i / 2000.0, sum = 0;
            int expected = 0;
            while ((sum += probabilities[expected]) <= unit * whole)
                expected++;
            Assert.Equal(expected, Categorical.Draw(probabilities, unit));
        }
    }

    [Fact]
    public void Draw_at_the_very_end_takes_a_possible_token()
    {
        var random = new Random(3);
        for (int length = 1; length < 600; length += 7)
        {
            float[] probabilities = [.. Enumerable.Range(0, length).Select(i => i % 3 == 0 ? random.NextSingle() : 0)];
            Assert.True(probabilities[Categorical.Draw(probabilities, Math.BitDecrement(1.0))] > 0);
        }
    }

    [Fact]
    public void Categorical_frequencies_follow_the_softmax()
    {
        const int Draws = 40_000;
        float[] logits = [0, 1, 2, 3], probabilities = Distribution.Of(logits);
        var random = new RandomSource(42);
        int[] counts = new int[logits.Length];
        for (int i = 0; i < Draws; i++)
            counts[new Categorical().Pick([.. logits], random)]++;

        for (int i = 0; i < logits.Length; i++)
        {
            double p = probabilities[i], deviation = Math.Sqrt(Draws * p * (1 - p));
            Assert.InRange(counts[i], (Draws * p) - (4 * deviation), (Draws * p) + (4 * deviation));
        }
    }
}
