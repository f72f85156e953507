using System.Buffers.Binary;

namespace MyGpt.Checkpoints.Containers.Zip;

/// <summary>
/// The 64-bit sizes of one directory entry: each field of the entry that is all ones is replaced, in order, by the next number
/// of the zip64 extra field.
/// </summary>
/// <remarks>PKWARE APPNOTE.TXT 6.3.10, section 4.5.3.</remarks>
internal ref struct Zip64Sizes
{
    private readonly string _entry;
    private ReadOnlySpan<byte> _numbers;

    /// <summary>Finds the zip64 field.</summary>
    /// <param name="extra">All extra fields of the entry.</param>
    /// <param name="fieldId">The number of the zip64 field.</param>
    /// <param name="entry">The entry's name, for messages.</param>
    /// <exception cref="CheckpointException">The extra fields do not fit together.</exception>
    public Zip64Sizes(ReadOnlySpan<byte> extra, ushort fieldId, string entry)
    {
        _entry = entry;
        while (extra.Length >= 4)
        {
            ushort id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            if (length > extra.Length - 4)
            {
                throw new CheckpointException($"zip entry {Printable.Quote(entry)} has an extra field of {length} bytes "
                    + $"where {extra.Length - 4} are left");
            }
            if (id == fieldId)
            {
                _numbers = extra.Slice(4, length);
                return;
            }
            extra = extra[(4 + length)..];
        }
    }

    /// <summary>The value of one field, which must be asked for in the order of the specification.</summary>
    /// <exception cref="CheckpointException">The zip64 number is missing, or beyond what a file can have.</exception>
    public long Read(uint field)
    {
        if (field != uint.MaxValue)
            return field;
        if (_numbers.Length < 8)
            throw new CheckpointException($"zip entry {Printable.Quote(_entry)} needs a 64-bit size that its extra field does not have");
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(_numbers);
        _numbers = _numbers[8..];
        return value <= long.MaxValue ? (long)value
            : throw new CheckpointException($"zip entry {Printable.Quote(_entry)} has a size or offset of {value}, which no file can have");
    }
}
