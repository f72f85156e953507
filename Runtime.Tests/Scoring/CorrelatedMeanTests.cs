using MyGpt.Runtime.Scoring;

namespace MyGpt.Runtime.Tests.Scoring;

public class CorrelatedMeanTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(30, 1)]
    [InlineData(30, 7)]
    [InlineData(35, 7)]
    [InlineData(36, 7)]
    [InlineData(1_000, 64)]
    public void Standard_error_matches_the_formula_over_blocks(int count, int blockLength)
    {
        var random = new Random(5);
        double[] values = [.. Enumerable.Range(0, count).Select(_ => 3 + random.NextDouble())];
        CorrelatedMean mean = Mean(values, blockLength);
        double average = values.Average();
        double[][] blocks = [.. values.Chunk(blockLength)];
        double squares = blocks.Sum(block => Math.Pow(block.Sum() - (average * block.Length), 2));
        double expected = Math.Sqrt(squares * blocks.Length / (blocks.Length - 1)) / count;
        Assert.Equal((count, blocks.Length), (mean.Count, mean.Blocks));
        Assert.Equal(average, mean.Mean, 1e-12);
        Assert.Equal(expected, mean.StandardError, 1e-12);
    }

    [Fact]
    public void Standard_error_of_blocks_of_one_is_that_of_independent_values() =>
        Assert.Equal(Math.Sqrt((4 + 0 + 4) / 2.0 / 3), Mean([1, 3, 5], blockLength: 1).StandardError, 1e-15);

    [Fact]
    public void Standard_error_counts_what_neighbours_have_in_common()
    {
        // Each of 50 values eight times over: as if they were independent, the error would be about the root of eight too small.
        var random = new Random(6);
        double[] values = [.. Enumerable.Range(0, 50).Select(_ => random.NextDouble())], repeated = [.. values.SelectMany(value => Enumerable.Repeat(value, 8))];
        Assert.Equal(Mean(values, 1).StandardError, Mean(repeated, 8).StandardError, 1e-15);
        Assert.InRange(Mean(repeated, 8).StandardError / Mean(repeated, 1).StandardError, 2.7, 3);
    }

    [Fact]
    public void Standard_error_of_values_far_from_0_does_not_cancel()
    {
        double[] values = [.. Enumerable.Range(0, 1_000).Select(i => 1e6 + (i % 2))];
        Assert.Equal(0.5 / Math.Sqrt(999), Mean(values, 1).StandardError, 1e-9);
        Assert.Equal(0, Mean([.. Enumerable.Repeat(0.1, 1_000)], 10).StandardError, 1e-15);
    }

    [Fact]
    public void Standard_error_of_less_than_two_blocks_is_NaN()
    {
        Assert.Equal(double.NaN, Mean([], 3).Mean);
        Assert.Equal(double.NaN, Mean([], 3).StandardError);
        Assert.Equal(double.NaN, Mean([1, 2, 3], 3).StandardError);
        Assert.Equal(1, Mean([1, 2, 3], 3).Blocks);
        Assert.Equal(2, Mean([1, 2, 3, 4], 3).Blocks);
    }

    [Fact]
    public void Block_of_nothing_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new CorrelatedMean(0));

    private static CorrelatedMean Mean(double[] values, int blockLength)
    {
        var mean = new CorrelatedMean(blockLength);
        foreach (double value in values)
            mean.Add(value);
        return mean;
    }
}
