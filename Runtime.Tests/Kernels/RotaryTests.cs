using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Rotary positions: every even head size, every instruction set, fenced buffers, and the angles they turn by.</summary>
public class RotaryTests
{
    private static IEnumerable<int> HeadDims => Enumerable.Range(1, 26).Select(i => 2 * i).Concat([64, 100, 128]);

    [Fact]
    public void Apply_matches_reference_at_every_head_size()
    {
        foreach (int headDim in HeadDims)
        {
            foreach (int heads in new[] { 0, 1, 3 })
            {
                float[] x = Sample.Floats(heads * headDim, headDim), cos = new float[headDim], sin = new float[headDim];
                foreach (bool inPairs in new[] { true, false })
                {
                    RotaryAngles angles = inPairs ? RotaryAngles.ForPairs(headDim, 10000f) : RotaryAngles.ForHalves(headDim, 10000f);
                    angles.Write(position: 37, cos, sin);
                    double[] expected = Reference(x, headDim, position: 37, 10000f, inPairs);
                    var bits = new List<uint[]>();
                    foreach (InstructionSet set in InstructionSets.All)
                    {
                        var y = new Guarded(x);
                        if (inPairs)
                            set.Run(new RotaryPairs.Kernel(y.Span, cos, sin));
                        else
                            set.Run(new RotaryHalves.Kernel(y.Span, cos, sin));
                        // Two products of at most 3 and a sine or cosine rounded to float32, two roundings of their sum.
                        Sample.Close(expected, y.Checked(), relative: 0, absolute: 4 * 4.3 * Math.Pow(2, -24));
                        bits.Add(Sample.Bits(y.Checked()));
                    }
                    Assert.All(bits, b => Assert.Equal(bits[0], b));
                }
            }
        }
    }

    [Fact]
    public void Pairs_and_halves_are_one_rotation_in_two_orders()
    {
        foreach (int headDim in HeadDims)
        {
            int half = headDim / 2;
            float[] pairs = Sample.Floats(headDim, headDim), cos = new float[headDim], sin = new float[headDim];
            float[] halves = [.. Enumerable.Range(0, headDim).Select(i => pairs[i < half ? 2 * i : 2 * (i - half) + 1])];
            RotaryAngles.ForPairs(headDim, 500f).Write(9, cos, sin);
            RotaryPairs.Apply(pairs, cos, sin);
            RotaryAngles.ForHalves(headDim, 500f).Write(9, cos, sin);
            RotaryHalves.Apply(halves, cos, sin);

            Assert.Equal(Sample.Bits(Enumerable.Range(0, headDim).Select(i => pairs[i < half ? 2 * i : 2 * (i - half) + 1])), Sample.Bits(halves));
        }
    }

    [Theory]
    [InlineData(2, 10000f)]
    [InlineData(16, 10000f)]
    [InlineData(64, 500000f)]
    [InlineData(1 << 17, 1e6f)]
    [InlineData(10, 1f)]
    [InlineData(12, float.MaxValue)]
    public void Write_gives_the_sines_of_the_angles_that_models_were_trained_with(int headDim, float rotaryBase)
    {
        float[] cos = new float[headDim], sin = new float[headDim];
        RotaryAngles angles = RotaryAngles.ForPairs(headDim, rotaryBase);
        foreach (int position in new[] { 0, 1, 2, 63, 4097, (1 << 20) - 1 })
        {
            angles.Write(position, cos, sin);
            for (int i = 0; i < headDim; i += 2)
            {
                double angle = Angle(position, i / 2, headDim, rotaryBase);
                // Half a unit in the last place of float32 below 1.
                Assert.InRange(cos[i], Math.Cos(angle) - Math.Pow(2, -25) * 1.0001, Math.Cos(angle) + Math.Pow(2, -25) * 1.0001);
                Assert.InRange(sin[i + 1], Math.Sin(angle) - Math.Pow(2, -25) * 1.0001, Math.Sin(angle) + Math.Pow(2, -25) * 1.0001);
                Assert.Equal((cos[i], -sin[i]), (cos[i + 1], sin[i + 1]));
            }
        }
    }

    [Fact]
    public void Position_0_changes_nothing()
    {
        float[] x = Sample.Floats(30, 1), y = [.. x], cos = new float[10], sin = new float[10];
        RotaryAngles.ForHalves(10, 10000f).Write(0, cos, sin);
        RotaryHalves.Apply(y, cos, sin);
        Assert.Equal(x, y);
    }

    [Fact]
    public void Apply_refuses_lengths_that_do_not_fit()
    {
        Assert.Throws<ArgumentException>(() => RotaryPairs.Apply(new float[6], new float[4], new float[4]));
        Assert.Throws<ArgumentException>(() => RotaryPairs.Apply(new float[4], new float[4], new float[2]));
        Assert.Throws<ArgumentException>(() => RotaryHalves.Apply(new float[3], new float[3], new float[3]));
        Assert.Throws<ArgumentException>(() => RotaryHalves.Apply([], [], []));
    }

    private static double[] Reference(float[] x, int headDim, int position, float rotaryBase, bool inPairs)
    {
        double[] y = [.. x.Select(v => (double)v)];
        for (int head = 0; head < x.Length; head += headDim)
        {
            for (int i = 0; i < headDim / 2; i++)
            {
                (int first, int second) = inPairs ? (head + 2 * i, head + 2 * i + 1) : (head + i, head + i + headDim / 2);
                double angle = Angle(position, i, headDim, rotaryBase);
                y[first] = x[first] * Math.Cos(angle) - x[second] * Math.Sin(angle);
                y[second] = x[second] * Math.Cos(angle) + x[first] * Math.Sin(angle);
            }
        }
        return y;
    }

    // position / base^(2i / HS), each step rounded to float32: what PyTorch code computes.
    private static float Angle(int position, int i, int headDim, float rotaryBase) =>
        position * (1f / (float)Math.Pow(rotaryBase, 2f * i / headDim));
}
