using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// Byte pair encoding as myGPT's <c>encode()</c> does it: the first merge is applied to the whole text from left to right, then the
/// second, and so on. A pair that comes into being when its turn is over stays apart.
/// </summary>
/// <remarks>
/// Instead of reading the text once for every merge, it visits only the places where a merge applies, which each turn has collected by
/// the time it comes: n log n for n characters, however many merges there are. Holds scratch memory: one instance for one thread.
/// </remarks>
internal sealed class SequentialMerger(MergeSequence merges)
{
    /// <summary>Stands in the place of text that has no token; merges with nothing and is left out of the result.</summary>
    public const int Absent = -1;

    private readonly PriorityQueue<int, int> _turns = new();           // turns to come that have candidates
    private readonly Dictionary<int, int> _newest = [];                // of such a turn, the index of its last candidate
    private readonly List<(int At, int Older)> _candidates = [];       // where a pair begins, and the turn's candidate before, -1 for none
    private readonly List<int> _places = [];                           // the candidates of the turn at hand
    private int[] _previous = []; // where the token before this one begins, -1 for the first
    private int[] _next = [];     // where the token after this one begins, n for the last

    /// <summary>Merges in place.</summary>
    /// <param name="tokens">The tokens of single characters, or <see cref="Absent"/>; on return the first ones are the result.</param>
    /// <returns>How many tokens are left.</returns>
    public int Merge(Span<int> tokens)
    {
        Link(tokens.Length);
        for (int at = 0; at + 1 < tokens.Length; at++)
            Offer(at, tokens, after: -1);
        while (_turns.TryDequeue(out int turn, out _))
            Apply(turn, tokens);
        _candidates.Clear();

        int count = 0;
        for (int at = 0; at < tokens.Length; at = _next[at])
        {
            if (tokens[at] != Absent)
                tokens[count++] = tokens[at]; // count <= at: nothing is overwritten before it is read
        }
        return count;
    }

    private void Apply(int turn, Span<int> tokens)
    {
        BpeMerge merge = merges[turn];
        _places.Clear();
        _newest.Remove(turn, out int candidate);
        for (; candidate >= 0; candidate = _candidates[candidate].Older)
            _places.Add(_candidates[candidate].At);
        if (merge.Left == merge.Right)
            _places.Sort(); // from left to right: of three equal letters the first two merge; other places of a turn cannot overlap

        foreach (int at in _places)
        {
            int second = _next[at];
            if (tokens[at] != merge.Left || second == tokens.Length || tokens[second] != merge.Right)
                continue; // one of the two has merged with another neighbour since
            int after = _next[second];
            tokens[at] = merge.Merged;
            tokens[second] = Absent;
            _next[at] = after;
            if (after < tokens.Length)
            {
                _previous[after] = at;
                Offer(at, tokens, turn);
            }
            if (_previous[at] >= 0)
                Offer(_previous[at], tokens, turn);
        }
    }

    private void Offer(int at, ReadOnlySpan<int> tokens, int after)
    {
        int left = tokens[at], right = tokens[_next[at]];
        if (left == Absent || right == Absent)
            return;
        int turn = merges.TurnOf(left, right, after);
        if (turn == MergeSequence.None)
            return;
        ref int newest = ref CollectionsMarshal.GetValueRefOrAddDefault(_newest, turn, out bool isQueued);
        if (!isQueued)
            _turns.Enqueue(turn, turn);
        _candidates.Add((at, isQueued ? newest : -1));
        newest = _candidates.Count - 1;
    }

    private void Link(int length)
    {
        if (_next.Length < length)
        {
            _previous = new int[length];
            _next = new int[length];
        }
        for (int i = 0; i < length; i++)
        {
            _previous[i] = i - 1;
            _next[i] = i + 1;
        }
    }
}
