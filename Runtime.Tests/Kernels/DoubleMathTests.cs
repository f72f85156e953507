using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Tests.Kernels;

public class DoubleMathTests
{
    [Fact]
    public void SinCos_is_within_its_bound_over_its_range()
    {
        var random = new Random(3);
        for (int i = 0; i < 200_000; i++)
        {
            double x = (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-20, 22));
            (double sin, double cos) = DoubleMath.SinCos(x);
            Assert.InRange(Math.Abs(sin - Math.Sin(x)), 0, Math.Pow(2, -52));
            Assert.InRange(Math.Abs(cos - Math.Cos(x)), 0, Math.Pow(2, -52));
        }
    }

    [Fact]
    public void SinCos_of_a_float_next_to_a_multiple_of_half_pi_keeps_its_digits()
    {
        for (int k = 1; k < 600_000; k += 7)
        {
            float x = (float)(k * (Math.PI / 2));
            (double sin, double cos) = DoubleMath.SinCos(x);
            double small = k % 2 == 0 ? sin : cos, expected = k % 2 == 0 ? Math.Sin(x) : Math.Cos(x);
            Assert.InRange(small, expected - Math.Abs(expected) * 1e-9, expected + Math.Abs(expected) * 1e-9);
        }
    }

    [Fact]
    public void SinCos_of_0_is_exact() => Assert.Equal((0d, 1d), DoubleMath.SinCos(0));

    [Fact]
    public void Power_is_within_its_bound_over_its_range()
    {
        var random = new Random(4);
        for (int i = 0; i < 200_000; i++)
        {
            float x = MathF.Pow(2, 128 * random.NextSingle());
            x = float.IsFinite(x) ? x : float.MaxValue;
            double y = random.NextDouble(), expected = Math.Pow(x, y);
            Assert.InRange(DoubleMath.Power(x, y), expected * (1 - 1e-13), expected * (1 + 1e-13));
        }
        Assert.Equal(1d, DoubleMath.Power(12345, 0));
        Assert.Equal(1d, DoubleMath.Power(1, 0.75));
    }
}
