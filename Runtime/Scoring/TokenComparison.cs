namespace MyGpt.Runtime.Scoring;

/// <summary>How two models predicted one token.</summary>
/// <param name="Score">The model's.</param>
/// <param name="Baseline">The baseline's.</param>
/// <param name="Divergence">KL(baseline || model) of the two distributions, in nats.</param>
/// <param name="SameTop">Whether both find the same token the most likely one.</param>
public readonly record struct TokenComparison(TokenScore Score, TokenScore Baseline, double Divergence, bool SameTop)
{
    /// <summary>By how much the model's loss is larger, in nats.</summary>
    public double Increase => Score.Loss - Baseline.Loss;
}
