using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Tokenization;

/// <summary>The merges of byte pair encoding, read in place from <see cref="TokenizerData"/> after all have been checked.</summary>
internal sealed class MergeTable
{
    private const int EntrySize = 3 * sizeof(uint);

    private readonly ReadOnlyMemory<byte> _merges; // entries of (left, right, merged), uint32 little-endian, sorted by (left, right)
    private readonly int[] _firstOfLeft;           // (tokens + 1): the entries of left token t are [_firstOfLeft[t], _firstOfLeft[t + 1])

    /// <summary>Checks that ids are in range, entries sorted, and each merged token the bytes of its two parts.</summary>
    /// <exception cref="TokenizerDataException">They are not.</exception>
    public MergeTable(TokenizerData data, TokenTable tokens)
    {
        if (data.Merges.Length % EntrySize != 0)
            throw new TokenizerDataException($"merges: {data.Merges.Length} bytes found, a multiple of {EntrySize} needed");

        _merges = data.Merges;
        _firstOfLeft = new int[tokens.Count + 1];
        CheckAndIndex(_merges.Span, tokens.Open(), tokens.Count, _firstOfLeft);
    }

    /// <summary>The merges as spans, for the length of one encoding.</summary>
    public MergeLookup Open() => new(_merges.Span, _firstOfLeft);

    // Optimised from its first call, because it runs once: 50000 rounds of unoptimised code would take longer than all else in opening.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CheckAndIndex(ReadOnlySpan<byte> merges, TokenTable.TokenSpans tokens, int tokenCount, Span<int> firstOfLeft)
    {
        int count = merges.Length / EntrySize;
        int lefts = 0; // tokens whose first entry is known
        ulong previous = 0;
        for (int i = 0; i < count; i++)
        {
            (uint left, uint right, uint merged) = Entry(merges, i);
            ulong pair = ((ulong)left << 32) | right;
            if (merged >= (uint)tokenCount || left >= merged || right >= merged || (i > 0 && pair <= previous)
                || !IsTogether(tokens[(int)left], tokens[(int)right], tokens[(int)merged]))
            {
                Throw(i, merges, tokens, tokenCount);
            }
            previous = pair;
            while (lefts <= (int)left)
                firstOfLeft[lefts++] = i;
        }
        firstOfLeft[lefts..].Fill(count);
    }

    private static bool IsTogether(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, ReadOnlySpan<byte> merged) =>
        !left.IsEmpty && !right.IsEmpty && merged.Length == (long)left.Length + right.Length
        && merged[..left.Length].SequenceEqual(left) && merged[left.Length..].SequenceEqual(right);

    [DoesNotReturn]
    private static void Throw(int index, ReadOnlySpan<byte> merges, TokenTable.TokenSpans tokens, int tokenCount)
    {
        (uint left, uint right, uint merged) = Entry(merges, index);
        string entry = $"merges: entry {index}";
        if (merged >= (uint)tokenCount)
            throw new TokenizerDataException($"{entry} makes token {merged}, 0 to {tokenCount - 1} needed");
        if (left >= merged || right >= merged)
            throw new TokenizerDataException($"{entry} makes token {merged} of {left} and {right}, two lower ids needed");
        ReadOnlySpan<byte> a = tokens[(int)left], b = tokens[(int)right], both = tokens[(int)merged];
        if (!IsTogether(a, b, both))
        {
            throw new TokenizerDataException(
                $"{entry} makes token {merged}, which is {Quotation.Of(both)}, of {Quotation.Of(a)} and {Quotation.Of(b)}");
        }
        (uint previousLeft, uint previousRight, _) = Entry(merges, index - 1);
        throw new TokenizerDataException(
            $"{entry} is ({left}, {right}) and follows ({previousLeft}, {previousRight}), sorted order without repeats needed");
    }

    private static (uint Left, uint Right, uint Merged) Entry(ReadOnlySpan<byte> merges, int index)
    {
        ReadOnlySpan<byte> entry = merges.Slice(index * EntrySize, EntrySize);
        return (BinaryPrimitives.ReadUInt32LittleEndian(entry),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[sizeof(uint)..]),
            BinaryPrimitives.ReadUInt32LittleEndian(entry[(2 * sizeof(uint))..]));
    }

    /// <summary>What two neighbouring tokens become.</summary>
    internal readonly ref struct MergeLookup(ReadOnlySpan<byte> merges, ReadOnlySpan<int> firstOfLeft)
    {
        /// <summary>Returned for two tokens that stay apart; above every id.</summary>
        public const int None = int.MaxValue;

        private readonly ReadOnlySpan<byte> _merges = merges;
        private readonly ReadOnlySpan<int> _firstOfLeft = firstOfLeft;

        /// <summary>The id of the merged token, or <see cref="None"/>.</summary>
        public int Find(int left, int right)
        {
            int low = _firstOfLeft[left], high = _firstOfLeft[left + 1];
            while (low < high)
            {
                int middle = (low + high) >>> 1;
                ReadOnlySpan<byte> entry = _merges.Slice(middle * EntrySize, EntrySize);
                int found = (int)BinaryPrimitives.ReadUInt32LittleEndian(entry[sizeof(uint)..]);
                if (found == right)
                    return (int)BinaryPrimitives.ReadUInt32LittleEndian(entry[(2 * sizeof(uint))..]);
                if (found < right)
                    low = middle + 1;
                else
                    high = middle;
            }
            return None;
        }
    }
}
