namespace MyGpt.Runtime.Scoring;

/// <summary>A stretch of a text that a model sees from position 0 on. Of n + 1 tokens the first n go in, and each predicts the next.</summary>
/// <param name="First">Index of the first token in the text.</param>
/// <param name="Predictions">n: tokens that are predicted, 1 to T_max.</param>
public readonly record struct ScoreWindow(int First, int Predictions)
{
    /// <summary>Where its n + 1 tokens are in the text.</summary>
    public Range Tokens => First..(First + Predictions + 1);

    /// <summary>Windows that predict every token of a text but its first, each once.</summary>
    /// <remarks>
    /// As the validation of the tutorials: inputs x = tokens[i .. i + T_max], targets y = tokens[i + 1 .. i + T_max + 1], only that i takes
    /// the values 0, T_max, 2 T_max, ... instead of random ones. Neighbours share one token: the last target of one is the first input of
    /// the next. The last window holds what is left.
    /// </remarks>
    /// <param name="tokenCount">Tokens in the text.</param>
    /// <param name="contextLength">T_max.</param>
    /// <returns>None for a text of fewer than two tokens.</returns>
    public static IEnumerable<ScoreWindow> Consecutive(int tokenCount, int contextLength)
    {
        for (int first = 0; first < tokenCount - 1; first += contextLength)
            yield return new ScoreWindow(first, Math.Min(contextLength, tokenCount - 1 - first));
    }
}
