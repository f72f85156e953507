using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>The kernels over one row: every length, every instruction set, fenced buffers, double-precision reference.</summary>
public class RowKernelTests
{
    [Fact]
    public void LayerNorm_matches_reference_at_every_length()
    {
        foreach (int length in Sample.Lengths.Where(n => n > 0))
        {
            float[] x = [.. Sample.Floats(length, 1).Select(v => v + 2)], gain = Sample.Floats(length, 2), bias = Sample.Floats(length, 3);
            double mean = x.Average(v => (double)v), variance = x.Average(v => (v - mean) * (v - mean));
            double[] normed = [.. x.Select(v => (v - mean) / Math.Sqrt(variance + 1e-5))];
            var bits = new List<uint[]>();
            foreach (InstructionSet set in InstructionSets.All)
            {
                var y = new Guarded(x);
                set.Run(new LayerNorm.Kernel(x, gain, bias, 1e-5f, y.Span));
                // Sums of n terms up to |5|, relative 2^-24 each, divided by a deviation of about 1.7; a single element cancels to 0.
                double limit = length == 1 ? 1e-3 : 2e-6;
                Sample.Close([.. normed.Select((v, i) => v * gain[i] + bias[i])], y.Checked(), relative: 1e-6, absolute: limit);
                bits.Add(Sample.Bits(y.Checked()));

                var plain = new Guarded(x);
                set.Run(new LayerNorm.Kernel(plain.Span, gain, default, 1e-5f, plain.Span));   // in place, no bias
                Sample.Close([.. normed.Select((v, i) => v * gain[i])], plain.Checked(), relative: 1e-6, absolute: limit);

                var bare = new Guarded(x);
                set.Run(new LayerNorm.Kernel(x, default, default, 1e-5f, bare.Span));
                Sample.Close(normed, bare.Checked(), relative: 1e-6, absolute: limit);
            }
            Assert.All(bits, b => Assert.Equal(bits[0], b));
        }
    }

    [Fact]
    public void RmsNorm_matches_reference_at_every_length()
    {
        foreach (int length in Sample.Lengths.Where(n => n > 0))
        {
            float[] x = [.. Sample.Floats(length, 1).Select(v => v + 2)], gain = Sample.Floats(length, 2), bias = Sample.Floats(length, 3);
            double square = x.Average(v => (double)v * v);
            double[] normed = [.. x.Select(v => v / Math.Sqrt(square + 1e-5))];
            foreach (bool hasGain in new[] { true, false })
            {
                foreach (bool hasBias in new[] { true, false })
                {
                    double[] expected = [.. normed.Select((v, i) => v * (hasGain ? gain[i] : 1) + (hasBias ? bias[i] : 0))];
                    var bits = new List<uint[]>();
                    foreach (InstructionSet set in InstructionSets.All)
                    {
                        var y = new Guarded(x);
                        set.Run(new RmsNorm.Kernel(y.Span, hasGain ? gain : default, hasBias ? bias : default, 1e-5f, y.Span));   // in place
                        // The bound in docs/numerics.md on elements of at most 2.5 times a gain of at most 3; the bias may cancel them.
                        double relative = (length / 16.0 + 6.5) * Math.Pow(2, -24);
                        Sample.Close(expected, y.Checked(), relative, absolute: hasBias ? 7.5 * relative : 0);
                        bits.Add(Sample.Bits(y.Checked()));
                    }
                    Assert.All(bits, b => Assert.Equal(bits[0], b));
                }
            }
        }
    }

    [Fact]
    public void Softmax_matches_reference_at_every_length()
    {
        foreach (int length in Sample.Lengths.Where(n => n > 0))
        {
            float[] x = Sample.Floats(length, length, spread: 20);
            double max = x.Max(), sum = x.Sum(v => Math.Exp(v - max));
            var bits = new List<uint[]>();
            foreach (InstructionSet set in InstructionSets.All)
            {
                var y = new Guarded(x);
                float total = 0;
                set.Run(new Softmax.Kernel(y.Span, x.Max(), ref total));
                // x - max, at most 40, is rounded once before the exponential: 40 * 2^-24, and the exponential's own 2e-7.
                const double relative = 40 * 6e-8 + 2e-7;
                Sample.Close([.. x.Select(v => Math.Exp(v - max))], y.Checked(), relative, absolute: 0);
                Sample.Close([sum], [total], relative, absolute: 0);
                bits.Add([.. Sample.Bits(y.Checked()), BitConverter.SingleToUInt32Bits(total)]);
            }
            Assert.All(bits, b => Assert.Equal(bits[0], b));

            float[] whole = [.. x];
            Softmax.Apply(whole);
            Sample.Close([.. x.Select(v => Math.Exp(v - max) / sum)], whole, relative: 2 * (40 * 6e-8 + 2e-7), absolute: 0);
        }
    }

    [Fact]
    public void Softmax_gives_zero_for_what_is_out_and_survives_extremes()
    {
        float[] x = [float.NegativeInfinity, 3e38f, -3e38f, float.NegativeInfinity, 3e38f];
        Softmax.Apply(x);
        Assert.Equal([0f, 0.5f, 0f, 0f, 0.5f], x);
        Assert.Throws<ArgumentException>(() => Softmax.Apply([]));
    }

    [Fact]
    public void Add_Multiply_and_Divide_match_plain_arithmetic_at_every_length()
    {
        foreach (int length in Sample.Lengths)
        {
            float[] x = Sample.Floats(length, 1), y = Sample.Floats(length, 2);
            foreach (InstructionSet set in InstructionSets.All)
            {
                var sum = new Guarded(y);
                set.Run(new Add.Kernel(x, sum.Span));
                Assert.Equal(x.Zip(y, (a, b) => a + b), sum.Checked());
                var product = new Guarded(y);
                set.Run(new Multiply.Kernel(x, product.Span));
                Assert.Equal(x.Zip(y, (a, b) => a * b), product.Checked());
                var quotient = new Guarded(x);
                set.Run(new Divide.Kernel(quotient.Span, 0.7f));
                Assert.Equal(x.Select(a => a / 0.7f), quotient.Checked());
            }
        }
        Assert.Throws<ArgumentException>(() => Add.Apply([1], [1, 2]));
        Assert.Throws<ArgumentException>(() => Multiply.Apply([1], [1, 2]));
    }

    [Fact]
    public void ArgMax_finds_the_first_largest_at_every_place()
    {
        foreach (int length in Sample.Lengths.Where(n => n is > 0 and < 100))
        {
            for (int at = 0; at < length; at++)
            {
                float[] x = Sample.Floats(length, at);
                x[at] = 50;
                x[^1] = 50;
                foreach (InstructionSet set in InstructionSets.All)
                {
                    float max = 0;
                    set.Run(new ArgMax.MaxKernel(x, ref max));
                    Assert.Equal(50, max);
                }
                Assert.Equal(at, ArgMax.Find(x));
            }
        }
        Assert.Equal(1, ArgMax.Find([float.NaN, -3, float.NegativeInfinity]));
        Assert.Equal(0, ArgMax.Find([float.NaN, float.NaN]));
        Assert.Equal(0, ArgMax.Find([float.NegativeInfinity, float.NegativeInfinity]));
        Assert.Throws<ArgumentException>(() => ArgMax.Find([]));
    }

    [Fact]
    public void Kernels_refuse_lengths_that_differ()
    {
        Assert.Throws<ArgumentException>(() => LayerNorm.Apply([1, 2], [1], [], 1e-5f, [1, 2]));
        Assert.Throws<ArgumentException>(() => LayerNorm.Apply([1, 2], [1, 2], [1], 1e-5f, [1, 2]));
        Assert.Throws<ArgumentException>(() => LayerNorm.Apply([1, 2], [1, 2], [], 1e-5f, [1]));
        Assert.Throws<ArgumentException>(() => LayerNorm.Apply([], [], [], 1e-5f, []));
        Assert.Throws<ArgumentException>(() => RmsNorm.Apply([1, 2], [1], [], 1e-5f, [1, 2]));
        Assert.Throws<ArgumentException>(() => RmsNorm.Apply([1, 2], [], [1], 1e-5f, [1, 2]));
        Assert.Throws<ArgumentException>(() => RmsNorm.Apply([1, 2], [], [], 1e-5f, [1]));
        Assert.Throws<ArgumentException>(() => RmsNorm.Apply([], [], [], 1e-5f, []));
    }
}
