namespace MyGpt.Runtime.Sampling;

/// <summary>One step of the sampler pipeline: changes logits in place, allocates nothing.</summary>
public interface ILogitsStep
{
    /// <summary>Applies the step.</summary>
    /// <param name="logits">Logits of one position, (V); a token that is out becomes negative infinity.</param>
    void Apply(Span<float> logits);
}
