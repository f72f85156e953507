namespace MyGpt.Runtime.Sampling;

/// <summary>The end of the sampler pipeline: chooses a token.</summary>
public interface ITokenPicker
{
    /// <summary>Chooses a token and may use the logits as scratch.</summary>
    /// <param name="logits">Logits of one position after all steps, (V).</param>
    /// <param name="random">The sample's own stream of random numbers.</param>
    /// <returns>A token id, below V.</returns>
    int Pick(Span<float> logits, RandomSource random);
}
