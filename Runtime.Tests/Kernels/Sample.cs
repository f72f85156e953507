namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Seeded data and the comparisons that kernel tests share.</summary>
internal static class Sample
{
    /// <summary>Lengths from nothing to past twice the unrolled width.</summary>
    public static IEnumerable<int> Lengths => Enumerable.Range(0, 42).Concat([63, 64, 65, 100, 768]);

    public static float[] Floats(int count, int seed, float spread = 3)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(spread * (2 * random.NextDouble() - 1)))];
    }

    public static uint[] Bits(IEnumerable<float> values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];

    public static void Close(IReadOnlyList<double> expected, IReadOnlyList<float> actual, double relative, double absolute)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int i = 0; i < expected.Count; i++)
        {
            double limit = absolute + relative * Math.Abs(expected[i]);
            Assert.True(Math.Abs(expected[i] - actual[i]) <= limit, $"[{i}]: {actual[i]:R} found, {expected[i]:R} within {limit:R} needed");
        }
    }
}
