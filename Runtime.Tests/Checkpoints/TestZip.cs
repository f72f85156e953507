using System.Buffers.Binary;
using System.Text;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Writes zip archives of stored entries, and says where their fields are so that a test can spoil one.</summary>
internal sealed class TestZip
{
    public const int EndLength = 22, CentralLength = 46, LocalLength = 30;

    private readonly List<byte> _bytes = [];
    private readonly List<(string Name, int Offset, int Length)> _entries = [];

    public TestZip Add(string name, byte[] data)
    {
        _entries.Add((name, _bytes.Count, data.Length));
        byte[] header = new byte[LocalLength];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0x04034B50);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(18), data.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(22), data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(26), (ushort)Encoding.UTF8.GetByteCount(name));
        _bytes.AddRange([.. header, .. Encoding.UTF8.GetBytes(name), .. data]);
        return this;
    }

    /// <summary>The archive.</summary>
    /// <param name="extra">Extra fields of the last entry in the directory.</param>
    /// <param name="beforeEnd">Bytes between the directory and the end record; made from the directory's offset and length.</param>
    public byte[] ToArray(byte[]? extra = null, Func<int, int, int, byte[]>? beforeEnd = null)
    {
        List<byte> archive = [.. _bytes];
        int directory = archive.Count;
        foreach ((string name, int offset, int length) in _entries)
        {
            byte[] field = extra is not null && name == _entries[^1].Name ? extra : [];
            byte[] header = new byte[CentralLength];
            BinaryPrimitives.WriteUInt32LittleEndian(header, 0x02014B50);
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), length);
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(24), length);
            BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(28), (ushort)Encoding.UTF8.GetByteCount(name));
            BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(30), (ushort)field.Length);
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(42), offset);
            archive.AddRange([.. header, .. Encoding.UTF8.GetBytes(name), .. field]);
        }
        int directoryLength = archive.Count - directory;
        archive.AddRange(beforeEnd?.Invoke(_entries.Count, directory, directoryLength) ?? []);
        byte[] end = new byte[EndLength];
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054B50);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(8), (ushort)_entries.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(end.AsSpan(10), (ushort)_entries.Count);
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(12), directoryLength);
        BinaryPrimitives.WriteInt32LittleEndian(end.AsSpan(16), directory);
        archive.AddRange(end);
        return [.. archive];
    }

    /// <summary>Where the end record begins in an archive without a comment.</summary>
    public static int EndOf(byte[] archive) => archive.Length - EndLength;

    /// <summary>Where the directory begins.</summary>
    public static int DirectoryOf(byte[] archive) => BinaryPrimitives.ReadInt32LittleEndian(archive.AsSpan(EndOf(archive) + 16));

    /// <summary>Where the directory's entry of a name begins.</summary>
    public static int CentralOf(byte[] archive, string name)
    {
        byte[] wanted = Encoding.UTF8.GetBytes(name);
        int at = DirectoryOf(archive);
        while (!archive.AsSpan(at + CentralLength).StartsWith(wanted))
            at += CentralLength + BinaryPrimitives.ReadUInt16LittleEndian(archive.AsSpan(at + 28));
        return at;
    }

    /// <summary>Where the own header of an entry begins.</summary>
    public static int LocalOf(byte[] archive, string name) =>
        BinaryPrimitives.ReadInt32LittleEndian(archive.AsSpan(CentralOf(archive, name) + 42));

    public static byte[] Put16(byte[] archive, int at, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(archive.AsSpan(at), value);
        return archive;
    }

    public static byte[] Put32(byte[] archive, int at, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(archive.AsSpan(at), value);
        return archive;
    }
}
