using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Tests.Sampling;

public class TopKTests
{
    private const float Out = float.NegativeInfinity;

    [Fact]
    public void Apply_keeps_every_tie_at_the_last_place()
    {
        float[] logits = [1, 2, 3, 2, 2, 0];

        new TopK(2).Apply(logits);

        Assert.Equal([Out, 2, 3, 2, 2, Out], logits);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(int.MaxValue)]
    public void Apply_k_of_the_vocabulary_or_more_changes_nothing(int k)
    {
        float[] logits = [1, -2, 3, 0];

        new TopK(k).Apply(logits);

        Assert.Equal([1, -2, 3, 0], logits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(33)]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(5000)]
    public void Apply_matches_sorting_for_every_shape_of_logits(int length)
    {
        var random = new Random(length);
        float[][] shapes =
        [
            Make(length, _ => (random.NextSingle() - 0.5f) * 20),
            Make(length, i => i - (length / 2)),
            Make(length, i => (length / 2) - i),
            Make(length, _ => 0.25f),
            Make(length, _ => random.Next(4)),
            Make(length, i => i % 2 == 0 ? -0f : 0f),
            Make(length, i => i % 3 == 0 ? Out : random.NextSingle()),
            Make(length, i => i % 5 == 0 ? float.PositiveInfinity : -random.NextSingle()),
            Make(length, i => i < length - 1 ? -1e30f : 1e30f),
        ];
        int[] ks = [1, 2, 50, 1023, 1025, length / 2, length - 1, length];
        foreach (int k in ks.Where(k => k >= 1))
        {
            var topK = new TopK(k);   // used again and again: its buffer must not remember
            foreach (float[] logits in shapes)
            {
                float[] expected = Reference(logits, k), actual = [.. logits];
                topK.Apply(actual);
                Assert.Equal(expected, actual);
            }
        }
    }

    [Fact]
    public void Apply_after_a_longer_row_serves_a_shorter_one_and_back()
    {
        var topK = new TopK(3);
        foreach (int length in (int[])[10, 4000, 5, 5000, 4])
        {
            float[] logits = Make(length, i => i * 7 % 11), expected = Reference(logits, 3);
            topK.Apply(logits);
            Assert.Equal(expected, logits);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(600)]
    public void Apply_NaN_of_either_sign_takes_nobodys_place(int k)
    {
        var random = new Random(k);
        float positive = BitConverter.UInt32BitsToSingle(0x7FC0_0000), negative = BitConverter.UInt32BitsToSingle(0xFFC0_0000);
        float[] logits = Make(3000, i => i % 7 == 2 ? positive : i % 7 == 5 ? negative : random.NextSingle() - 0.5f);
        float least = logits.Where(logit => !float.IsNaN(logit)).OrderDescending().ElementAt(k - 1);
        float[] expected = [.. logits.Select(logit => logit >= least ? logit : Out)];

        new TopK(k).Apply(logits);

        Assert.Equal(expected, logits);
    }

    [Fact]
    public void Apply_NaN_counts_as_negative_infinity()
    {
        float[] logits = [float.NaN, 1, 2, float.NaN, 3, -1, float.NaN, 0, 4, float.NaN];

        new TopK(3).Apply(logits);

        Assert.Equal([Out, Out, 2, Out, 3, Out, Out, Out, 4, Out], logits);
    }

    [Fact]
    public void Apply_fewer_finite_logits_than_k_keeps_them()
    {
        float[] logits = [Out, 1, Out, 2, Out];

        new TopK(3).Apply(logits);

        Assert.Equal([Out, 1, Out, 2, Out], logits);
    }

    [Fact]
    public void Apply_allocates_on_the_first_call_only()
    {
        float[] logits = Make(5000, i => i * 37 % 5000);
        var topK = new TopK(50);
        topK.Apply([.. logits]);

        Assert.Equal(0, Allocations.Of(() => topK.Apply(logits)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Constructor_k_below_1_throws(int k) => Assert.Throws<ArgumentOutOfRangeException>(() => new TopK(k));

    [Fact]
    public void Apply_without_logits_throws() => Assert.Throws<ArgumentException>(() => new TopK(1).Apply([]));

    private static float[] Make(int length, Func<int, float> logit) => [.. Enumerable.Range(0, length).Select(logit)];

    private static float[] Reference(float[] logits, int k)
    {
        float threshold = k >= logits.Length ? Out : logits.OrderDescending().ElementAt(k - 1);
        return [.. logits.Select(logit => logit >= threshold ? logit : Out)];
    }
}
