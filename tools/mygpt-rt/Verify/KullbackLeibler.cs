namespace MyGpt.CommandLine.Verify;

/// <summary>Kullback-Leibler divergence of two softmaxes, sum p ln(p / q) with p the reference's and q ours, in double precision.</summary>
/// <remarks>
/// Summed as p (e^d - 1 - d) with d = ln(q / p): the same, as both distributions sum to 1, but no term is negative and none cancels another, so that the
/// divergences of 1e-14 which float32 rounding causes are right to many digits. Kullback and Leibler 1951. The runtime's own
/// <see cref="Runtime.Scoring.KlDivergence"/> is faster, takes float32 alone and is right to 1e-13, which is all there is to see here.
/// </remarks>
internal static class KullbackLeibler
{
    // Below it e^d - 1 - d would cancel; the series' next term is below 2e-9 of the sum.
    private const double SeriesLimit = 1.0 / 64;

    /// <summary>The divergence in nats.</summary>
    /// <param name="reference">Logits, (V), finite.</param>
    /// <param name="ours">Logits, (V).</param>
    /// <returns>0 or more; infinite where a logit of ours is not finite.</returns>
    public static double Of(ReadOnlySpan<double> reference, ReadOnlySpan<float> ours)
    {
        double max = double.NegativeInfinity, ourMax = max;
        for (int i = 0; i < reference.Length; i++)
        {
            if (!float.IsFinite(ours[i]))
                return double.PositiveInfinity;
            max = Math.Max(max, reference[i]);
            ourMax = Math.Max(ourMax, ours[i]);
        }
        double sum = 0, ourSum = 0;
        for (int i = 0; i < reference.Length; i++)
        {
            sum += Math.Exp(reference[i] - max);
            ourSum += Math.Exp(ours[i] - ourMax);
        }
        double norm = max + Math.Log(sum), shift = norm - (ourMax + Math.Log(ourSum)), divergence = 0;
        for (int i = 0; i < reference.Length; i++)
            divergence += Term(reference[i] - norm, ours[i] - reference[i] + shift);
        return double.IsNaN(divergence) ? double.PositiveInfinity : divergence;   // references beyond 1e300 overflow on the way
    }

    private static double Term(double lnP, double d)
    {
        double p = Math.Exp(lnP);
        return Math.Abs(d) < SeriesLimit
            ? p * d * d * (1.0 / 2 + d * (1.0 / 6 + d * (1.0 / 24 + d * (1.0 / 120 + d * (1.0 / 720)))))
            : Math.Exp(lnP + d) - p - (p * d);
    }
}
