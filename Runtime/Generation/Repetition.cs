namespace MyGpt.Runtime.Generation;

/// <summary>Where a sequence has been before: what followed there is what may follow again.</summary>
/// <remarks>
/// Saxena 2023, prompt lookup decoding. A scan backwards from the end, of at most T_max ids, a register of them at a time: some 50 ns
/// for 256, so no table is kept.
/// </remarks>
internal static class Repetition
{
    // One equal token says little, and tokens of small vocabularies are all over the text. Beyond eight, the nearest is as good as any.
    private const int ShortestMatch = 2, LongestMatch = 8;

    /// <summary>Finds the earlier place whose tokens agree with the last ones for longest, the nearest of equals.</summary>
    /// <param name="sequence">Token ids, at least one.</param>
    /// <returns>The index of the token that followed there, or -1 if no two tokens agree.</returns>
    public static int Find(ReadOnlySpan<int> sequence)
    {
        int length = sequence.Length, longest = ShortestMatch - 1, found = -1;
        ReadOnlySpan<int> earlier = sequence[..^1];
        while (longest < LongestMatch && (earlier.LastIndexOf(sequence[^1]) is var at and >= 0))
        {
            int match = sequence[..(at + 1)].CommonSuffixLength(sequence, LongestMatch);
            if (match > longest)
                (longest, found) = (match, at + 1);
            earlier = earlier[..at];
        }
        return found;
    }

    private static int CommonSuffixLength(this ReadOnlySpan<int> a, ReadOnlySpan<int> b, int most)
    {
        int n = 0, end = Math.Min(a.Length, most);
        while (n < end && a[^(n + 1)] == b[^(n + 1)])
            n++;
        return n;
    }
}
