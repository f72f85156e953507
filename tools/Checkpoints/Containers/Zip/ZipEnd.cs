using System.Buffers.Binary;

namespace MyGpt.Checkpoints.Containers.Zip;

/// <summary>Where a zip archive's central directory is: what the records at the end of the file say, checked against the file.</summary>
/// <param name="DirectoryOffset">First byte of the central directory.</param>
/// <param name="DirectoryLength">Its size in bytes.</param>
/// <param name="EntryCount">Number of entries that it is said to have.</param>
/// <remarks>PKWARE APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16.</remarks>
internal readonly record struct ZipEnd(long DirectoryOffset, long DirectoryLength, long EntryCount)
{
    private const uint EndSignature = 0x06054B50, End64Signature = 0x06064B50, Locator64Signature = 0x07064B50;
    private const int EndLength = 22, End64Length = 56, Locator64Length = 20, MaxCommentLength = ushort.MaxValue;

    /// <summary>Finds and checks the records at the end of a file.</summary>
    /// <exception cref="CheckpointException">They are missing, or contradict the file.</exception>
    public static ZipEnd Find(CheckpointFile file)
    {
        byte[] tail = new byte[(int)Math.Min(file.Length, EndLength + MaxCommentLength)];
        file.Read(file.Length - tail.Length, tail);
        int at = FindSignature(tail);
        if (at < 0)
            throw NoEnd(tail);

        ReadOnlySpan<byte> end = tail.AsSpan(at, EndLength);
        long endOffset = file.Length - tail.Length + at;
        int disk = BinaryPrimitives.ReadUInt16LittleEndian(end[4..]), directoryDisk = BinaryPrimitives.ReadUInt16LittleEndian(end[6..]);
        int countHere = BinaryPrimitives.ReadUInt16LittleEndian(end[8..]), count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]), offset = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);

        long directoryEnd = endOffset;
        ZipEnd found = new(offset, length, count);
        if (FindEnd64(file, endOffset) is { } end64)
        {
            (found, directoryEnd) = end64;
        }
        else if (disk != 0 || directoryDisk != 0 || count != countHere)
        {
            throw new CheckpointException("the zip archive spans several files; one file was needed");
        }
        found.Check(directoryEnd);
        return found;
    }

    private static CheckpointException NoEnd(ReadOnlySpan<byte> tail)
    {
        Span<byte> signature = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(signature, EndSignature);
        int at = tail.LastIndexOf(signature);
        int after = at < 0 ? 0 : tail.Length - at - EndLength;
        return new CheckpointException(after > 0
            ? $"the zip archive ends {Printable.Count(after, "byte")} before the file does: something was added to it; copy or download it again"
            : "the zip archive has no end record: the file is cut short or damaged; copy or download it again");
    }

    // The last signature whose comment ends with the file: an archive inside the comment cannot pass for the archive.
    private static int FindSignature(ReadOnlySpan<byte> tail)
    {
        for (int at = tail.Length - EndLength; at >= 0; at--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail[at..]) == EndSignature
                && BinaryPrimitives.ReadUInt16LittleEndian(tail[(at + 20)..]) == tail.Length - at - EndLength)
            {
                return at;
            }
        }
        return -1;
    }

    private static (ZipEnd End, long Offset)? FindEnd64(CheckpointFile file, long endOffset)
    {
        long locatorOffset = endOffset - Locator64Length;
        if (locatorOffset < End64Length)
            return null;
        Span<byte> locator = stackalloc byte[Locator64Length];
        file.Read(locatorOffset, locator);
        if (BinaryPrimitives.ReadUInt32LittleEndian(locator) != Locator64Signature)
            return null;

        ulong offset = BinaryPrimitives.ReadUInt64LittleEndian(locator[8..]);
        if (offset > (ulong)(locatorOffset - End64Length))
            throw new CheckpointException($"the zip64 end record is said to be at byte {offset}, but must end by byte {locatorOffset}");
        Span<byte> end = stackalloc byte[End64Length];
        file.Read((long)offset, end);
        if (BinaryPrimitives.ReadUInt32LittleEndian(end) != End64Signature)
            throw new CheckpointException($"there is no zip64 end record at byte {offset}, where its locator points");
        if (BinaryPrimitives.ReadUInt32LittleEndian(end[16..]) != 0 || BinaryPrimitives.ReadUInt32LittleEndian(end[20..]) != 0)
            throw new CheckpointException("the zip archive spans several files; one file was needed");

        return (new ZipEnd(ReadLength(end[48..], "directory offset"), ReadLength(end[40..], "directory length"),
            ReadLength(end[32..], "entry count")), (long)offset);
    }

    private static long ReadLength(ReadOnlySpan<byte> field, string what)
    {
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(field);
        return value <= long.MaxValue ? (long)value
            : throw new CheckpointException($"the zip archive's {what} is {value}, which no file can have");
    }

    private void Check(long directoryEnd)
    {
        if (DirectoryOffset > directoryEnd || DirectoryLength != directoryEnd - DirectoryOffset)
        {
            throw new CheckpointException($"the zip archive's directory is said to be {DirectoryLength} bytes at byte {DirectoryOffset}, "
                + $"but must end at byte {directoryEnd}, where its end record begins");
        }
    }
}
