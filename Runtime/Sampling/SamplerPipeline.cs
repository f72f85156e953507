namespace MyGpt.Runtime.Sampling;

/// <summary>Logits in, token out: steps that change the logits in order, then a picker.</summary>
/// <remarks>Steps may keep scratch memory, so a pipeline serves one thread at a time.</remarks>
public sealed class SamplerPipeline
{
    private readonly ILogitsStep[] _steps;
    private readonly ITokenPicker _picker;

    /// <summary>Creates a pipeline.</summary>
    /// <param name="steps">Applied in this order; may be empty.</param>
    /// <param name="picker">Chooses the token.</param>
    public SamplerPipeline(IEnumerable<ILogitsStep> steps, ITokenPicker picker)
    {
        ArgumentNullException.ThrowIfNull(steps);
        ArgumentNullException.ThrowIfNull(picker);
        _steps = [.. steps];
        _picker = picker;
    }

    /// <summary>The tutorials' sampler: logits / temperature, the k largest, softmax, draw; or the arg max.</summary>
    /// <param name="temperature">0 for the arg max, which makes <paramref name="topK"/> meaningless; else above 0 and finite.</param>
    /// <param name="topK">How many of the largest logits may be drawn, ties included; 0 for all.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative, or the temperature is not finite.</exception>
    public static SamplerPipeline Create(float temperature, int topK)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(topK);
        if (temperature == 0)
            return new SamplerPipeline([], new Greedy());
        var divide = new Temperature(temperature);
        return new SamplerPipeline(topK == 0 ? [divide] : [divide, new TopK(topK)], new Categorical());
    }

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">Logits of one position, (V); overwritten.</param>
    /// <param name="random">The sample's own stream; the pickers here draw once or not at all.</param>
    /// <returns>A token id, below V.</returns>
    /// <exception cref="ArgumentException">There are no logits.</exception>
    /// <exception cref="NoTokenException">Every logit is NaN or negative infinity.</exception>
    public int Sample(Span<float> logits, RandomSource random)
    {
        foreach (ILogitsStep step in _steps)
            step.Apply(logits);
        return _picker.Pick(logits, random);
    }
}
