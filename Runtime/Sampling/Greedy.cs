using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Sampling;

/// <summary>Picks the token with the largest logit, the lowest id among equals. Draws nothing.</summary>
/// <remarks>NaN is never the largest. Stateless and safe to share between threads.</remarks>
public sealed class Greedy : ITokenPicker
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There are no logits.</exception>
    /// <exception cref="NoTokenException">Every logit is NaN or negative infinity.</exception>
    public int Pick(Span<float> logits, RandomSource random)
    {
        int best = ArgMax.Find(logits);
        return logits[best] > float.NegativeInfinity ? best : throw new NoTokenException();
    }
}
