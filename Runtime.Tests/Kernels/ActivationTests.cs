using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Tests.Reference;

namespace MyGpt.Runtime.Tests.Kernels;

public class ActivationTests
{
    // -20 to 20 in steps that are no round numbers, and what lies close to 0.
    private static readonly float[] Grid =
        [.. Enumerable.Range(-20_000, 40_001).Select(i => i * 0.00100013f), .. Enumerable.Range(-40, 60).Select(e => (float)Math.Pow(2, e - 20))];

    [Fact]
    public void Exp_is_within_one_and_a_tenth_ulp() => Check<ExpOperation>(Math.Exp, relative: 1.1 * Math.Pow(2, -24) * 2, absolute: 0);

    // The bounds that VectorMath states, and docs/numerics.md explains.
    [Fact]
    public void GeluErf_matches_reference()
    {
        Check<GeluErf.Operation>(x => x * Normal.Cdf(x), relative: 1e-7, absolute: 1e-7);
        foreach (InstructionSet set in InstructionSets.All)
        {
            float[] x = [.. Grid.Where(v => v is > -10 and < 20)];
            float[] y = [.. x];
            set.Run(new Elementwise.Kernel<GeluErf.Operation>(y));
            Sample.Close([.. x.Select(v => v * Normal.Cdf(v))], y, relative: 4e-7, absolute: 0);
        }
    }

    [Fact]
    public void GeluTanh_matches_reference() =>
        Check<GeluTanh.Operation>(x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))), relative: 3e-7, absolute: 1e-7);

    [Fact]
    public void Relu_matches_reference() => Check<Relu.Operation>(x => Math.Max(x, 0), relative: 0, absolute: 0);

    [Fact]
    public void ReluSquared_matches_reference() => Check<ReluSquared.Operation>(x => Math.Max(x, 0) * Math.Max(x, 0), relative: 6e-8, absolute: 1e-44);

    [Fact]
    public void Silu_matches_reference()
    {
        Check<Silu.Operation>(x => x / (1 + Math.Exp(-x)), relative: 3e-7, absolute: 0);
        float[] low = [.. Enumerable.Range(20, 68).Select(i => -1.00013f * i)], y = [.. low];
        Silu.Apply(y);
        Sample.Close([.. low.Select(x => x / (1 + Math.Exp(-(double)x)))], y, relative: 3e-7, absolute: 0);
        float[] lowest = [-88.5f, -1e10f, -1e30f];
        Silu.Apply(lowest);
        Assert.All(lowest, value => Assert.InRange(value, -1e-8f, 0f));
    }

    [Fact]
    public void Activations_keep_NaN_and_reach_their_limits()
    {
        float[] x = [float.NaN, 1000f, -1000f, 0f, 3.4e38f];
        foreach (Action<float[]> apply in new Action<float[]>[] { v => GeluErf.Apply(v), v => GeluTanh.Apply(v), v => Silu.Apply(v) })
        {
            float[] y = [.. x];
            apply(y);
            Assert.True(float.IsNaN(y[0]));
            Assert.InRange(y[2], -1e-30f, 0f);
            Assert.Equal([1000f, 0f, 3.4e38f], [y[1], y[3], y[4]]);
        }
    }

    [Fact]
    public void Apply_is_the_same_at_every_length_and_instruction_set()
    {
        foreach (int length in Sample.Lengths)
        {
            float[] x = Sample.Floats(length, length);
            float[] expected = [.. x.Select(v =>
            {
                float[] one = [v];
                InstructionSet.Portable.Run(new Elementwise.Kernel<GeluErf.Operation>(one));
                return one[0];
            })];
            foreach (InstructionSet set in InstructionSets.All)
            {
                var y = new Guarded(x);
                set.Run(new Elementwise.Kernel<GeluErf.Operation>(y.Span));
                Assert.Equal(Sample.Bits(expected), Sample.Bits(y.Checked()));
            }
        }
    }

    private static void Check<TOperation>(Func<double, double> reference, double relative, double absolute)
        where TOperation : struct, IUnaryOperation
    {
        foreach (InstructionSet set in InstructionSets.All)
        {
            float[] y = [.. Grid];
            set.Run(new Elementwise.Kernel<TOperation>(y));
            Sample.Close([.. Grid.Select(x => reference(x))], y, relative, absolute);
        }
    }

    private readonly struct ExpOperation : IUnaryOperation
    {
        public static TVec Apply<TOps, TVec>(TVec x)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct => VectorMath.Exp<TOps, TVec>(x);
    }
}
