namespace MyGpt.Runtime.Scoring;

/// <summary>A stretch of a text that a model sees from position 0 on. Of n + 1 tokens the first n go in, and each predicts the next.</summary>
/// <param name="First">Index of the first token in the text.</param>
/// <param name="Context">Tokens before the last of which nothing is predicted, 0 or more: the window before has done it.</param>
/// <param name="Predictions">Tokens that are predicted, 1 or more; with <paramref name="Context"/> at most T_max, and n in all.</param>
public readonly record struct ScoreWindow(int First, int Context, int Predictions)
{
    /// <summary>Where its n + 1 tokens are in the text.</summary>
    public Range Tokens => First..(First + Context + Predictions + 1);

    /// <summary>Index in the text of the first token that is predicted.</summary>
    public int FirstPredicted => First + Context + 1;

    /// <summary>Windows that predict every token of a text but its first, each once.</summary>
    /// <remarks>
    /// As the validation of the tutorials: inputs x = tokens[i .. i + T_max], targets y = tokens[i + 1 .. i + T_max + 1], only that i takes
    /// the values 0, stride, 2 stride, ... instead of random ones. Each window begins <paramref name="stride"/> tokens behind the one before, and predicts
    /// what that one did not reach: all but the first window's predictions have T_max - stride tokens or more to go by. With a stride of T_max
    /// neighbours share one token: the last target of one is the first input of the next. The last window holds what is left.
    /// </remarks>
    /// <param name="tokenCount">Tokens in the text.</param>
    /// <param name="contextLength">T_max.</param>
    /// <param name="stride">1 to T_max.</param>
    /// <returns>None for a text of fewer than two tokens.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The stride is none.</exception>
    public static IEnumerable<ScoreWindow> Strided(int tokenCount, int contextLength, int stride)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(stride, contextLength);
        return Windows();

        IEnumerable<ScoreWindow> Windows()
        {
            int last = tokenCount - 1, reached = 0;
            for (int first = 0; reached < last; first += stride)
            {
                int end = first + Math.Min(contextLength, last - first);
                yield return new ScoreWindow(first, reached - first, end - reached);
                reached = end;
            }
        }
    }
}
