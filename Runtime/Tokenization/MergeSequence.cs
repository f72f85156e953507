using System.Buffers.Binary;

namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// The merges of myGPT's byte pair encoding in the order in which they are applied, read in place from <see cref="TokenizerData"/>
/// after all have been checked.
/// </summary>
/// <remarks>
/// The place of a merge in the table is its turn. A pair may have several turns: two merges can make the same text, and training then
/// finds a pair again that it has merged before.
/// </remarks>
internal sealed class MergeSequence
{
    /// <summary>Returned for two tokens that no later turn merges; above every turn.</summary>
    public const int None = int.MaxValue;

    private const int EntrySize = 3 * sizeof(uint);

    private readonly ReadOnlyMemory<byte> _merges; // entries of (left, right, merged), uint32 little-endian
    private readonly int[] _firstOfLeft;           // (tokens + 1): the pairs of left token t are [_firstOfLeft[t], _firstOfLeft[t + 1])
    private readonly ulong[] _pairs;               // right << 32 | turn, ascending for each left token

    /// <summary>Checks that ids are in range and each merged token is the bytes of its two parts.</summary>
    /// <exception cref="TokenizerDataException">They are not.</exception>
    public MergeSequence(TokenizerData data, TokenTable tokens)
    {
        if (data.Merges.Length % EntrySize != 0)
            throw new TokenizerDataException($"merges: {data.Merges.Length} bytes found, a multiple of {EntrySize} needed");
        _merges = data.Merges;
        int count = data.Merges.Length / EntrySize;
        _firstOfLeft = new int[tokens.Count + 1];
        for (int turn = 0; turn < count; turn++)
            _firstOfLeft[Check(turn, tokens).Left + 1]++;
        for (int token = 0; token < tokens.Count; token++)
            _firstOfLeft[token + 1] += _firstOfLeft[token];
        _pairs = new ulong[count];
        FillPairs(count);
    }

    /// <summary>The merge of a turn.</summary>
    public BpeMerge this[int turn]
    {
        get
        {
            ReadOnlySpan<byte> entry = _merges.Span.Slice(turn * EntrySize, EntrySize);
            return new BpeMerge(BinaryPrimitives.ReadInt32LittleEndian(entry),
                BinaryPrimitives.ReadInt32LittleEndian(entry[sizeof(uint)..]),
                BinaryPrimitives.ReadInt32LittleEndian(entry[(2 * sizeof(uint))..]));
        }
    }

    /// <summary>The first turn after a given one that merges two tokens, or <see cref="None"/>.</summary>
    /// <param name="left">Id of the first token.</param>
    /// <param name="right">Id of the second token.</param>
    /// <param name="after">A turn; -1 for any.</param>
    public int TurnOf(int left, int right, int after)
    {
        ulong sought = Pair(right, after + 1);
        int low = _firstOfLeft[left], end = _firstOfLeft[left + 1], high = end;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_pairs[middle] < sought)
                low = middle + 1;
            else
                high = middle;
        }
        return low < end && (int)(_pairs[low] >> 32) == right ? (int)(uint)_pairs[low] : None;
    }

    private static ulong Pair(int right, int turn) => ((ulong)(uint)right << 32) | (uint)turn;

    private void FillPairs(int count)
    {
        int[] next = [.. _firstOfLeft];
        for (int turn = 0; turn < count; turn++)
        {
            BpeMerge merge = this[turn];
            _pairs[next[merge.Left]++] = Pair(merge.Right, turn);
        }
        for (int token = 0; token + 1 < _firstOfLeft.Length; token++)
            _pairs.AsSpan(_firstOfLeft[token].._firstOfLeft[token + 1]).Sort();
    }

    private BpeMerge Check(int turn, TokenTable tokens)
    {
        BpeMerge merge = this[turn];
        foreach (int id in (ReadOnlySpan<int>)[merge.Left, merge.Right, merge.Merged])
        {
            if ((uint)id >= (uint)tokens.Count)
                throw new TokenizerDataException($"merges: entry {turn} names token {(uint)id}, 0 to {tokens.Count - 1} needed");
        }
        ReadOnlySpan<byte> left = tokens[merge.Left], right = tokens[merge.Right], merged = tokens[merge.Merged];
        bool together = !left.IsEmpty && !right.IsEmpty && merged.Length == (long)left.Length + right.Length
            && merged.StartsWith(left) && merged.EndsWith(right);
        return together ? merge : throw new TokenizerDataException($"merges: entry {turn} makes token {merge.Merged}, "
            + $"which is {Quotation.Of(merged)}, of {Quotation.Of(left)} and {Quotation.Of(right)}");
    }
}
