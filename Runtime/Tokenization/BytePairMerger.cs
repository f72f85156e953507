using MergeLookup = MyGpt.Runtime.Tokenization.MergeTable.MergeLookup;

namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// Byte pair encoding of one piece of text: while two neighbours can merge, the pair whose merged id is lowest does, the
/// leftmost first (Sennrich et al. 2016, arXiv:1508.07909, with GPT-2's order of merges).
/// </summary>
/// <remarks>Holds scratch memory: one instance for one thread.</remarks>
internal sealed class BytePairMerger
{
    /// <summary>
    /// Up to this many tokens the lowest pair is found by looking at all of them, which for words is faster than keeping a queue;
    /// beyond, the queue keeps the work at n log n whatever the text is.
    /// </summary>
    internal const int ScanLimit = 48;

    private const int Dead = MergeLookup.None;

    private readonly PriorityQueue<int, ulong> _queue = new(); // (where a pair begins; merged id << 32 | where)
    private int[] _merged = [];   // what the token that begins here and the one after it become
    private int[] _previous = []; // where the token before this one begins, -1 for the first
    private int[] _next = [];     // where the token after this one begins, n for the last

    /// <summary>Merges in place.</summary>
    /// <param name="tokens">The tokens of single bytes; on return the first ones are the result.</param>
    /// <param name="merges">The vocabulary's merges.</param>
    /// <returns>How many tokens are left.</returns>
    public int Merge(Span<int> tokens, MergeLookup merges) =>
        tokens.Length <= ScanLimit ? MergeByScan(tokens, merges) : MergeByQueue(tokens, merges);

    private static int MergeByScan(Span<int> tokens, MergeLookup merges)
    {
        Span<int> merged = stackalloc int[ScanLimit]; // what tokens i and i + 1 become
        int pairs = tokens.Length - 1;
        for (int i = 0; i < pairs; i++)
            merged[i] = merges.Find(tokens[i], tokens[i + 1]);

        for (; pairs > 0; pairs--)
        {
            int at = 0;
            for (int i = 1; i < pairs; i++)
            {
                if (merged[i] < merged[at])
                    at = i;
            }
            if (merged[at] == MergeLookup.None)
                break;

            tokens[at] = merged[at];
            tokens[(at + 2)..(pairs + 1)].CopyTo(tokens[(at + 1)..]);
            if (at + 1 < pairs)
            {
                merged[(at + 2)..pairs].CopyTo(merged[(at + 1)..]);
                merged[at] = merges.Find(tokens[at], tokens[at + 1]);
            }
            if (at > 0)
                merged[at - 1] = merges.Find(tokens[at - 1], tokens[at]);
        }
        return pairs + 1;
    }

    private int MergeByQueue(Span<int> tokens, MergeLookup merges)
    {
        Link(tokens.Length);
        for (int i = 0; i + 1 < tokens.Length; i++)
            Offer(i, tokens, merges);

        while (_queue.TryDequeue(out int at, out ulong order))
        {
            int merged = (int)(order >> 32);
            if (_merged[at] != merged)
                continue; // one of the two has merged with another neighbour since
            int right = _next[at], after = _next[right];
            tokens[at] = merged;
            _merged[right] = Dead;
            _next[at] = after;
            if (after < tokens.Length)
            {
                _previous[after] = at;
                Offer(at, tokens, merges);
            }
            else
            {
                _merged[at] = Dead;
            }
            if (at > 0)
                Offer(_previous[at], tokens, merges);
        }

        int count = 0;
        for (int at = 0; at < tokens.Length; at = _next[at])
            tokens[count++] = tokens[at]; // count <= at: nothing is overwritten before it is read
        return count;
    }

    private void Link(int length)
    {
        if (_merged.Length < length)
        {
            _merged = new int[length];
            _previous = new int[length];
            _next = new int[length];
        }
        _merged[length - 1] = Dead;
        for (int i = 0; i < length; i++)
        {
            _previous[i] = i - 1;
            _next[i] = i + 1;
        }
    }

    private void Offer(int at, ReadOnlySpan<int> tokens, MergeLookup merges)
    {
        int merged = merges.Find(tokens[at], tokens[_next[at]]);
        _merged[at] = merged;
        if (merged != MergeLookup.None)
            _queue.Enqueue(at, ((ulong)merged << 32) | (uint)at);
    }
}
