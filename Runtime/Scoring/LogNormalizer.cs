namespace MyGpt.Runtime.Scoring;

/// <summary>What turns the logits of one position into logarithms of probabilities: ln p = (logit - max) - ln sum.</summary>
/// <param name="Max">The largest logit.</param>
/// <param name="Sum">sum_j exp(x[j] - max): 1 or more.</param>
internal readonly record struct LogNormalizer(double Max, double Sum)
{
    /// <summary>ln sum: 0 or more.</summary>
    public double LogSum { get; } = Math.Log(Sum);

    /// <summary>The logarithm of a token's probability, in nats.</summary>
    /// <param name="logit">Its logit.</param>
    public double LogProbability(float logit) => (logit - Max) - LogSum;
}
