using FsCheck.Fluent;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Tests.Kernels;

namespace MyGpt.Runtime.Tests.Properties;

public class SoftmaxPropertyTests
{
    // Our exponential falls by one unit in the last place at a few of the steps between neighbouring floats (docs/numerics.md).
    private const float Indistinct = 1 / (float)(1 << 26);

    [Fact]
    public void Apply_sums_to_one() => OfRows((row, probabilities) =>
    {
        // The sum that divides is of n numbers in 8 lanes and a tree of 3 levels, each addition within 2^-24 of itself; so is the quotient.
        double tolerance = ((row.Length / 8.0) + 4) * Math.Pow(2, -24);
        Assert.All(probabilities, p => Assert.InRange(p, 0, 1));
        Assert.Equal(1, probabilities.Sum(p => (double)p), tolerance);
    });

    [Fact]
    public void Apply_orders_as_its_input() => OfRows((row, probabilities) =>
    {
        float max = row.Max();
        int[] order = [.. Enumerable.Range(0, row.Length).OrderBy(i => row[i])];
        foreach ((int lower, int higher) in order.Zip(order.Skip(1)))
        {
            if (row[lower] == row[higher])
                Assert.Equal(BitConverter.SingleToUInt32Bits(probabilities[lower]), BitConverter.SingleToUInt32Bits(probabilities[higher]));
            else if ((row[higher] - max) - (row[lower] - max) > Indistinct)
                Assert.True(probabilities[lower] <= probabilities[higher], $"{row[lower]:R} < {row[higher]:R}, {probabilities[lower]:R} > {probabilities[higher]:R}");
            else
                Assert.InRange(probabilities[lower], 0, probabilities[higher] * (1 + Math.Pow(2, -22)));   // one unit of the exponential
        }
    });

    // Of each row with a finite maximum, what every instruction set makes of it; all make the same.
    private static void OfRows(Action<float[], float[]> holds) => Property.Holds(
        Arb.From(Rows.Of(Rows.Finite).Where(HasMaximum), row => Simpler.Arrays(row, Simpler.Floats).Where(HasMaximum)),
        row =>
        {
            float[][] results = [.. InstructionSets.All.Select(set => Apply(set, row))];
            Assert.All(results, result => Assert.Equal(Sample.Bits(results[0]), Sample.Bits(result)));
            holds(row, results[0]);
        },
        cases: 150);

    private static bool HasMaximum(float[] row) => row.Any(float.IsFinite);

    private static float[] Apply(InstructionSet set, float[] row)
    {
        float[] result = [.. row];
        float sum = 0;
        set.Run(new Softmax.Kernel(result, row.Max(), ref sum));
        Divide.Apply(result, sum);
        return result;
    }
}
