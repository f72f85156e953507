using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Tests.Sampling;

internal static class Distribution
{
    /// <summary>The probability of each token, (V), that <see cref="Categorical"/> draws from; the logits stay as they are.</summary>
    public static float[] Of(ReadOnlySpan<float> logits)
    {
        float[] result = new float[logits.Length];
        Span<float> probabilities = new Categorical().FindProbabilities(logits.ToArray(), out ReadOnlySpan<int> ids);
        for (int i = 0; i < ids.Length; i++)
            result[ids[i]] = probabilities[i];
        return result;
    }
}
