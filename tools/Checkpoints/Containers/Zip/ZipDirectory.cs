using System.Buffers.Binary;
using System.Text;

namespace MyGpt.Checkpoints.Containers.Zip;

/// <summary>
/// Reads the directory of a zip archive whose entries are stored without compression, as torch.save writes them, so that
/// tensors can be read at any offset. Everything the archive says about itself is checked before an entry is handed out.
/// </summary>
/// <remarks>
/// PKWARE APPNOTE.TXT 6.3.10. CRC-32 fields are not compared: PyTorch does not compare them either, and since 2.6 can write
/// other numbers there (<c>torch.serialization.set_crc32_options</c>).
/// </remarks>
internal static class ZipDirectory
{
    /// <summary>More entries than any checkpoint has (a tensor is one), few enough to hold in memory.</summary>
    public const int MaxEntries = 100_000;

    private const int MaxDirectoryLength = 16 << 20;
    private const uint CentralSignature = 0x02014B50, LocalSignature = 0x04034B50;
    private const int CentralLength = 46, LocalLength = 30;
    private const ushort Zip64Field = 1, Encrypted = 1, SizesFollowData = 8;

    /// <summary>Reads and checks all entries.</summary>
    /// <returns>The entries by name.</returns>
    /// <exception cref="CheckpointException">The archive is damaged or hostile.</exception>
    public static Dictionary<string, ZipEntry> Read(CheckpointFile file)
    {
        ZipEnd end = ZipEnd.Find(file);
        if (end.EntryCount > MaxEntries || end.DirectoryLength > MaxDirectoryLength)
        {
            throw new CheckpointException($"the zip archive has {end.EntryCount} entries in a directory of {end.DirectoryLength} bytes; "
                + $"at most {MaxEntries} in {MaxDirectoryLength} bytes are read");
        }

        byte[] directory = new byte[end.DirectoryLength];
        file.Read(end.DirectoryOffset, directory);
        List<Placed> placed = ReadDirectory(directory, end.EntryCount);
        placed.Sort(static (a, b) => a.HeaderOffset.CompareTo(b.HeaderOffset));

        var entries = new Dictionary<string, ZipEntry>(placed.Count, StringComparer.Ordinal);
        long free = 0;
        foreach (Placed entry in placed)
        {
            if (entry.HeaderOffset < free)
            {
                throw new CheckpointException($"zip entry {Printable.Quote(entry.Name)} at byte {entry.HeaderOffset} "
                    + $"overlaps the entry before it, which ends at byte {free}");
            }
            ZipEntry checkedEntry = CheckLocalHeader(file, entry, end.DirectoryOffset);
            if (!entries.TryAdd(entry.Name, checkedEntry))
                throw new CheckpointException($"the zip archive has two entries named {Printable.Quote(entry.Name)}");
            free = checkedEntry.Offset + checkedEntry.Length;
        }
        return entries;
    }

    private static List<Placed> ReadDirectory(ReadOnlySpan<byte> directory, long entryCount)
    {
        var entries = new List<Placed>();
        int at = 0;
        while (at < directory.Length)
        {
            ReadOnlySpan<byte> rest = directory[at..];
            if (rest.Length < CentralLength || BinaryPrimitives.ReadUInt32LittleEndian(rest) != CentralSignature)
                throw new CheckpointException($"the zip archive's directory is damaged: no entry at its byte {at}");
            int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
            int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]);
            int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
            int length = CentralLength + nameLength + extraLength + commentLength;
            if (length > rest.Length)
            {
                throw new CheckpointException($"the zip archive's directory is damaged: the entry at its byte {at} needs {length} bytes, "
                    + $"{rest.Length} are left");
            }
            entries.Add(ReadEntry(rest[..length], nameLength, extraLength));
            at += length;
        }
        if (entries.Count != entryCount)
            throw new CheckpointException($"the zip archive's end record counts {entryCount} entries, its directory has {entries.Count}");
        return entries;
    }

    private static Placed ReadEntry(ReadOnlySpan<byte> header, int nameLength, int extraLength)
    {
        ReadOnlySpan<byte> rawName = header.Slice(CentralLength, nameLength);
        string name = Encoding.UTF8.GetString(rawName);
        CheckName(name);

        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        if ((flags & Encrypted) != 0)
            throw new CheckpointException($"zip entry {Printable.Quote(name)} is encrypted; torch.save does not encrypt");
        ushort method = BinaryPrimitives.ReadUInt16LittleEndian(header[10..]);
        if (method != 0)
        {
            throw new CheckpointException($"zip entry {Printable.Quote(name)} is compressed (method {method}); torch.save stores entries "
                + "as they are: unpack the archive and pack it again without compression, or save the checkpoint again");
        }

        var sizes = new Zip64Sizes(header.Slice(CentralLength + nameLength, extraLength), Zip64Field, name);
        long length = sizes.Read(BinaryPrimitives.ReadUInt32LittleEndian(header[24..]));
        long stored = sizes.Read(BinaryPrimitives.ReadUInt32LittleEndian(header[20..]));
        long offset = sizes.Read(BinaryPrimitives.ReadUInt32LittleEndian(header[42..]));
        if (length != stored)
        {
            throw new CheckpointException($"zip entry {Printable.Quote(name)} is said to be {length} bytes stored as {stored}; "
                + "without compression they are the same");
        }
        return new Placed(name, rawName.ToArray(), offset, length);
    }

    private static void CheckName(string name)
    {
        bool safe = name.Length > 0 && name[0] != '/' && !name.AsSpan().ContainsAny('\\', '\0');
        foreach (Range part in name.AsSpan().Split('/'))
            safe &= name.AsSpan()[part] is not ("..");
        if (!safe)
            throw new CheckpointException($"the zip archive has an entry named {Printable.Quote(name)}, which points outside the archive");
    }

    private static ZipEntry CheckLocalHeader(CheckpointFile file, Placed entry, long directoryOffset)
    {
        string quoted = Printable.Quote(entry.Name);
        if (entry.HeaderOffset > directoryOffset - LocalLength)
        {
            throw new CheckpointException($"zip entry {quoted} is said to begin at byte {entry.HeaderOffset}, "
                + $"but the directory begins at byte {directoryOffset}");
        }
        Span<byte> header = stackalloc byte[LocalLength];
        file.Read(entry.HeaderOffset, header);
        if (BinaryPrimitives.ReadUInt32LittleEndian(header) != LocalSignature)
            throw new CheckpointException($"there is no zip entry at byte {entry.HeaderOffset}, where the directory has {quoted}");

        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(header[26..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        long dataOffset = entry.HeaderOffset + LocalLength + nameLength + extraLength;
        if (dataOffset > directoryOffset || entry.Length > directoryOffset - dataOffset)
        {
            throw new CheckpointException($"zip entry {quoted}: {entry.Length} bytes at byte {dataOffset} needed, "
                + $"but the directory begins at byte {directoryOffset}");
        }
        CheckAgreement(file, entry, header, nameLength);
        return new ZipEntry(entry.Name, dataOffset, entry.Length);
    }

    private static void CheckAgreement(CheckpointFile file, Placed entry, ReadOnlySpan<byte> header, int nameLength)
    {
        byte[] localName = new byte[nameLength];
        file.Read(entry.HeaderOffset + LocalLength, localName);
        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]), method = BinaryPrimitives.ReadUInt16LittleEndian(header[8..]);
        bool agrees = localName.AsSpan().SequenceEqual(entry.RawName) && method == 0 && (flags & Encrypted) == 0;
        if ((flags & SizesFollowData) == 0)
            agrees &= SizeAgrees(header[18..], entry.Length) && SizeAgrees(header[22..], entry.Length);
        if (!agrees)
        {
            throw new CheckpointException($"zip entry {Printable.Quote(entry.Name)}: its own header at byte {entry.HeaderOffset} "
                + "contradicts the directory");
        }
    }

    // All ones means: in the zip64 field, which the directory repeats.
    private static bool SizeAgrees(ReadOnlySpan<byte> field, long length) =>
        BinaryPrimitives.ReadUInt32LittleEndian(field) is var size && (size == uint.MaxValue || size == length);

    private sealed record Placed(string Name, byte[] RawName, long HeaderOffset, long Length);
}
