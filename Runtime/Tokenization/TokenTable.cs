using System.Buffers.Binary;

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

        ReadOnlySpan<byte> offsets = data.TokenOffsets.Span;
        uint previous = Offset(offsets, 0);
        if (previous != 0)
            throw new TokenizerDataException($"token offsets: the first is {previous}, 0 needed");
        for (int i = 1; i <= data.TokenCount; i++)
        {
            uint offset = Offset(offsets, i);
            if (offset < previous)
                throw new TokenizerDataException($"token offsets: token {i - 1} begins at {previous} and ends at {offset}");
            previous = offset;
        }
        if (previous != data.TokenBytes.Length)
            throw new TokenizerDataException($"token bytes: {previous} needed by the offsets, {data.TokenBytes.Length} found");

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
            if (id >= Count)
                return [];
            ReadOnlySpan<byte> offsets = _offsets.Span;
            int start = (int)Offset(offsets, id);
            return _bytes.Span[start..(int)Offset(offsets, id + 1)];
        }
    }

    private static uint Offset(ReadOnlySpan<byte> offsets, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(offsets[(index * OffsetSize)..]);
}
