namespace MyGpt.CommandLine.Doctor.Reference;

/// <summary>Activations in double precision, from their definitions.</summary>
internal static class PlainFunctions
{
    // Of the series up to 4 and of the continued fraction beyond: enough for 1e-15.
    private const int Terms = 120;

    public static double GeluErf(double x) => x * NormalDistribution(x);

    public static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    // Abramowitz and Stegun 26.2.11 and, for what a difference from 1 or 1/2 would cancel, 26.2.14.
    private static double NormalDistribution(double x)
    {
        double size = Math.Abs(x), density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (size < 4)
        {
            double term = x, sum = x;
            for (int n = 3; n < 2 * Terms; n += 2)
            {
                term *= x * x / n;
                sum += term;
            }
            return 0.5 + (density * sum);
        }
        double fraction = size;
        for (int n = Terms; n > 0; n--)
            fraction = size + (n / fraction);
        return x < 0 ? density / fraction : 1 - (density / fraction);
    }
}
