using MyGpt.CommandLine.Verify;

namespace MyGpt.Runtime.Tests.CommandLine;

public class LogitFiguresTests
{
    [Fact]
    public void AddRow_gives_max_mean_and_root_mean_square()
    {
        var figures = new LogitFigures();
        figures.AddRow([1, 2, 3, 4], [1.5, 2, 2, 4]);
        figures.AddRow([-1, 0, 0, 0], [1, 0, 0, -8]);
        Assert.Equal(8, figures.MaxDifference);
        Assert.Equal((0.5 + 1 + 2 + 8) / 8, figures.MeanDifference, 1e-15);
        Assert.Equal(Math.Sqrt((0.25 + 1 + 4 + 64) / 8), figures.RmsDifference, 1e-15);
        Assert.Equal(8, figures.LargestReference);
        Assert.Equal((2, 8L), (figures.Rows, figures.Count));
    }

    [Fact]
    public void Add_of_parts_equals_the_whole()
    {
        var random = new Random(3);
        LogitFigures whole = new(), total = new();
        for (int part = 0; part < 3; part++)
        {
            var figures = new LogitFigures();
            for (int row = 0; row < 4; row++)
            {
                double[] reference = [.. Enumerable.Range(0, 50).Select(_ => random.NextDouble() * 8)];
                float[] ours = [.. reference.Select(value => (float)(value + random.NextDouble()))];
                bool isSame = random.Next(2) == 0;
                foreach (LogitFigures each in new[] { whole, figures })
                {
                    each.AddRow(ours, reference);
                    each.AddArgMax(isSame);
                }
            }
            total.Add(figures);
        }
        Assert.Equal(
            (whole.Count, whole.Rows, whole.MaxDifference, whole.LargestReference, whole.ArgMaxPositions, whole.ArgMaxMismatches, whole.TopWanted),
            (total.Count, total.Rows, total.MaxDifference, total.LargestReference, total.ArgMaxPositions, total.ArgMaxMismatches, total.TopWanted));
        Assert.Equal((whole.TopShared, whole.EqualTopRows, whole.MaxDivergence), (total.TopShared, total.EqualTopRows, total.MaxDivergence));
        Assert.Equal(whole.MeanDifference, total.MeanDifference, 1e-14);
        Assert.Equal(whole.RmsDifference, total.RmsDifference, 1e-14);
        Assert.Equal(whole.MeanDivergence, total.MeanDivergence, 1e-14);
        Assert.Equal(whole.Ulps.Bins, total.Ulps.Bins);
    }

    [Fact]
    public void AddRow_with_a_logit_that_is_no_number_is_infinitely_far()
    {
        var figures = new LogitFigures();
        figures.AddRow([1, float.NaN, float.NegativeInfinity], [1, 2, 3]);
        Assert.Equal(2, figures.NotFinite);
        Assert.All([figures.MaxDifference, figures.MeanDifference, figures.RmsDifference, figures.MeanDivergence, figures.MaxDivergence],
            figure => Assert.Equal(double.PositiveInfinity, figure));
    }

    [Fact]
    public void Top_20_compares_sets_and_of_equal_logits_takes_the_lower_ids()
    {
        // 30 tokens; of the reference the largest are 11 to 29, then 5 and 10 alike.
        double[] reference = [.. Enumerable.Range(0, 30).Select(i => i == 5 ? 10.0 : i)];
        float[] same = [.. reference.Select((value, i) => (float)(i >= 11 ? 100 - value : value))];   // the set, in another order
        float[] other = [.. same];
        other[12] = -1;                                                                               // its place goes to 10
        var figures = new LogitFigures();
        figures.AddRow(same, reference);
        Assert.Equal((20, 20, 1), (figures.TopShared, figures.TopWanted, figures.EqualTopRows));
        figures.AddRow(other, reference);
        Assert.Equal((39, 40, 1), (figures.TopShared, figures.TopWanted, figures.EqualTopRows));
    }

    [Fact]
    public void Top_20_of_fewer_tokens_is_all_of_them()
    {
        var figures = new LogitFigures();
        figures.AddRow([1, 2, 3], [3, 2, 1]);
        Assert.Equal((3, 3, 1), (figures.TopShared, figures.TopWanted, figures.EqualTopRows));
    }

    [Fact]
    public void TopTokens_match_a_sort_at_every_length()
    {
        var random = new Random(1);
        for (int length = 1; length < 60; length++)
        {
            float[] logits = [.. Enumerable.Range(0, length).Select(_ => (float)random.Next(9))];
            for (int count = 1; count <= Math.Min(length, 21); count++)
            {
                int[] top = new int[count];
                TopTokens.Find<float>(logits, top);
                Assert.Equal(Enumerable.Range(0, length).OrderByDescending(id => logits[id]).ThenBy(id => id).Take(count), top);
            }
        }
    }

    [Theory]
    [InlineData(0f, -0f, 0)]
    [InlineData(1f, 1f, 0)]
    [InlineData(1f, 1.0000001f, 1)]
    [InlineData(-1f, -1.0000002f, 2)]
    [InlineData(float.Epsilon, -float.Epsilon, 2)]
    [InlineData(1f, 2f, 1 << 23)]
    [InlineData(float.MaxValue, float.MinValue, 4278190078)]
    public void Distance_counts_the_numbers_between(float a, float b, uint expected)
    {
        Assert.Equal(expected, UlpHistogram.Distance(a, b));
        Assert.Equal(expected, UlpHistogram.Distance(b, a));
    }

    [Fact]
    public void Histogram_has_a_bin_for_every_distance()
    {
        (long First, long Last)[] bins = [(0, 0), (1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 32)];
        for (int distance = 0; distance <= 32; distance++)
        {
            var histogram = new UlpHistogram();
            histogram.Add(BitConverter.Int32BitsToSingle(0x3F800000 + distance), 1);
            UlpBin bin = Assert.Single(histogram.Bins);
            Assert.Equal(bins.Single(range => distance >= range.First && distance <= range.Last), (bin.From, bin.To));
            Assert.Equal(1, bin.Count);
        }
        var largest = new UlpHistogram();
        largest.Add(float.PositiveInfinity, double.MinValue);
        Assert.Equal(new UlpBin((1L << 31) + 1, 1L << 32, 1), Assert.Single(largest.Bins));
    }

    [Fact]
    public void Histogram_rounds_the_reference_to_float32_first()
    {
        var histogram = new UlpHistogram();
        histogram.Add(0.1f, 0.1);
        Assert.Equal(new UlpBin(0, 0, 1), Assert.Single(histogram.Bins));
    }

    [Fact]
    public void KullbackLeibler_matches_the_definition()
    {
        // p = (1/2, 1/3, 1/6) and q = (1/4, 1/4, 1/2), by hand; a constant added to logits changes nothing.
        double expected = 0.5 * Math.Log(2) + Math.Log(4.0 / 3) / 3 + Math.Log(1.0 / 3) / 6;
        double[] reference = [Math.Log(3) + 5, Math.Log(2) + 5, 5];
        float[] ours = [-7, -7, (float)Math.Log(2) - 7];
        Assert.Equal(expected, KullbackLeibler.Of(reference, ours), 1e-7);   // ours are rounded to float32
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(1e-3)]
    [InlineData(0.015)]   // either side of where the series ends
    [InlineData(0.02)]
    [InlineData(0.5)]
    public void KullbackLeibler_of_two_tokens_is_right_to_many_digits(double step)
    {
        // Two tokens of equal probability, the first of ours higher by s: ln cosh(s / 2) = s^2 / 8 - s^4 / 192 + s^6 / 2880 - ...
        float s = (float)step;
        double half = s / 2.0, expected = half < 0.1
            ? half * half / 2 - Math.Pow(half, 4) / 12 + Math.Pow(half, 6) / 45 - 17 * Math.Pow(half, 8) / 2520
            : Math.Log(Math.Cosh(half));
        Assert.Equal(1, KullbackLeibler.Of([0.0, 0.0], [s, 0f]) / expected, 1e-9);
    }

    [Fact]
    public void KullbackLeibler_is_zero_for_equal_logits_and_infinite_without_numbers()
    {
        Assert.Equal(0, KullbackLeibler.Of([1.0, 2.0, -3.0], [1f, 2f, -3f]));
        Assert.Equal(double.PositiveInfinity, KullbackLeibler.Of([1.0, 2.0], [1f, float.NaN]));
        Assert.Equal(double.PositiveInfinity, KullbackLeibler.Of([double.MaxValue, double.MinValue], [1f, 1f]));
        Assert.Equal(997, KullbackLeibler.Of([1000.0, 0.0], [0f, 997f]), 1e-9);
    }
}
