namespace MyGpt.CommandLine.Verify;

/// <summary>The most likely tokens of a row of logits.</summary>
internal static class TopTokens
{
    /// <summary>Finds them.</summary>
    /// <param name="logits">Logits, (V); NaN is below every number.</param>
    /// <param name="top">Destination, at most V: token ids, the largest logit first, the lower id of equal ones first.</param>
    public static void Find<T>(ReadOnlySpan<T> logits, Span<int> top)
        where T : IComparable<T>
    {
        int count = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            if (count == top.Length && logits[id].CompareTo(logits[top[^1]]) <= 0)
                continue;
            int at = count < top.Length ? count++ : count - 1;
            for (; at > 0 && logits[id].CompareTo(logits[top[at - 1]]) > 0; at--)
                top[at] = top[at - 1];
            top[at] = id;
        }
    }

    /// <summary>How many ids two sets share; no id is twice in one of them.</summary>
    public static int Shared(ReadOnlySpan<int> ours, ReadOnlySpan<int> reference)
    {
        int shared = 0;
        foreach (int id in reference)
            shared += ours.Contains(id) ? 1 : 0;
        return shared;
    }
}
