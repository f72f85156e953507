using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Tokenization;

/// <summary>The bytes of every token, read in place from <see cref="TokenizerData"/> after all offsets have been checked.</summary>
internal sealed class TokenTable
{
    private const int OffsetSize = sizeof(uint);

    private readonly ReadOnlyMemory<byte> _offsets; // (Count + 1) uint32 little-endian
    private readonly ReadOnlyMemory<byte> _bytes;

    /// <summary>Checks the offsets: as many as announced, from 0, never falling, up to the end of the bytes.</summary>
    /// <exception cref="TokenizerDataException">They do not fit together.</exception>
    public TokenTable(TokenizerData data)
    {
        if (data.TokenCount is < 1 or int.MaxValue)
            throw new TokenizerDataException($"token count: {data.TokenCount} found, 1 to {int.MaxValue - 1} needed");
        long needed = ((long)data.TokenCount + 1) * OffsetSize;
        if (data.TokenOffsets.Length != needed)
        {
            throw new TokenizerDataException(
                $"token offsets: {needed} bytes needed for {data.TokenCount} tokens, {data.TokenOffsets.Length} found");
        }
        Check(data.TokenOffsets.Span, data.TokenCount, data.TokenBytes.Length);

        _offsets = data.TokenOffsets;
        _bytes = data.TokenBytes;
        Count = data.TokenCount;
    }

    /// <summary>Number of tokens.</summary>
    public int Count { get; }

    /// <summary>The bytes of one token, empty for an id at or beyond <see cref="Count"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="id"/> is negative.</exception>
    public ReadOnlySpan<byte> this[int id]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(id);
            return id < Count ? Open()[id] : [];
        }
    }

    /// <summary>The table as spans, for a loop over many tokens.</summary>
    public TokenSpans Open() => new(_offsets.Span, _bytes.Span);

    // Optimised from its first call, because it runs once: 50000 rounds of unoptimised code would take longer than all else in opening.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Check(ReadOnlySpan<byte> offsets, int tokenCount, int byteCount)
    {
        uint previous = Offset(offsets, 0);
        if (previous != 0)
            throw new TokenizerDataException($"token offsets: the first is {previous}, 0 needed");
        for (int i = 1; i <= tokenCount; i++)
        {
            uint offset = Offset(offsets, i);
            if (offset < previous)
                throw new TokenizerDataException($"token offsets: token {i - 1} begins at {previous} and ends at {offset}");
            previous = offset;
        }
        if (previous != byteCount)
            throw new TokenizerDataException($"token bytes: {previous} needed by the offsets, {byteCount} found");
    }

    private static uint Offset(ReadOnlySpan<byte> offsets, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(offsets[(index * OffsetSize)..]);

    /// <summary>The bytes of every token.</summary>
    internal readonly ref struct TokenSpans(ReadOnlySpan<byte> offsets, ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _offsets = offsets;
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        /// <summary>The bytes of one token, whose id is in range.</summary>
        public ReadOnlySpan<byte> this[int id] => _bytes[(int)Offset(_offsets, id)..(int)Offset(_offsets, id + 1)];
    }
}
