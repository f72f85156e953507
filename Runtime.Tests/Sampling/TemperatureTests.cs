using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Tests.Sampling;

public class TemperatureTests
{
    [Theory]
    [InlineData(0.8f)]
    [InlineData(0.1f)]
    [InlineData(1f)]
    [InlineData(3f)]
    [InlineData(1e-20f)]
    [InlineData(1e30f)]
    public void Apply_divides_each_logit(float temperature)
    {
        var random = new Random(7);
        float[] logits = [.. Enumerable.Range(0, 101).Select(_ => (random.NextSingle() - 0.5f) * 30)];
        float[] expected = [.. logits.Select(logit => logit / temperature)];

        new Temperature(temperature).Apply(logits);

        Assert.Equal(expected, logits);
    }

    [Theory]
    [InlineData(1e-30f)]
    [InlineData(1e-38f)]
    [InlineData(1e-45f)]
    public void Apply_tiny_temperature_leaves_the_arg_max_alone_with_a_chance(float temperature)
    {
        float[][] rows = [[1, 5, 4.9999995f, -3], [-1, -5, -0.5f, -2], [0, -1e-3f, -9, 0], [1e38f, -1e38f, 3, 1.0001e38f], [7, 7, 7, 7]];
        foreach (float[] row in rows)
        {
            float[] logits = [.. row];
            new Temperature(temperature).Apply(logits);

            float share = 1f / row.Count(logit => logit == row.Max());
            Assert.Equal(row.Select(logit => logit == row.Max() ? share : 0f), Distribution.Of(logits));
        }
    }

    [Fact]
    public void Apply_keeps_infinities_and_NaN()
    {
        float[] logits = [float.NegativeInfinity, float.NaN, 3, float.PositiveInfinity];

        new Temperature(0.5f).Apply(logits);

        Assert.Equal([float.NegativeInfinity, float.NaN, 6, float.PositiveInfinity], logits);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Constructor_value_not_above_0_and_finite_throws(float value) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new Temperature(value));
}
