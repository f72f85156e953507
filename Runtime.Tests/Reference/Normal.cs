namespace MyGpt.Runtime.Tests.Reference;

/// <summary>The normal distribution in double precision.</summary>
public static class Normal
{
    /// <summary>
    /// Phi(x) within 1e-15 where it is not tiny: the Taylor series of the density's integral for |x| below 4, Lentz's continued fraction of
    /// Mills' ratio beyond (Abramowitz and Stegun 26.2.10, 26.2.14).
    /// </summary>
    public static double Cdf(double x)
    {
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (Math.Abs(x) < 4)
        {
            double term = x, sum = x;
            for (int n = 1; n < 200; n++)
            {
                term *= x * x / (2 * n + 1);
                sum += term;
            }
            return 0.5 + density * sum;
        }
        double ratio = 0;
        for (int n = 200; n >= 1; n--)
            ratio = n / (Math.Abs(x) + ratio);
        double tail = density / (Math.Abs(x) + ratio);
        return x < 0 ? tail : 1 - tail;
    }
}
