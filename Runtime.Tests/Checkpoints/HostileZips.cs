using System.Buffers.Binary;
using System.Text;
using static MyGpt.Runtime.Tests.Checkpoints.TestZip;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Archives that are damaged or lie about themselves: one row per cause.</summary>
internal static class HostileZips
{
    private const string Root = TinyCheckpoint.Root, Pickle = Root + "/data.pkl", Storage = Root + "/data/1", Last = Root + "/version";

    private static readonly (string Name, Func<byte[]> Make, string Reason)[] Rows =
    [
        ("empty file", () => [], "the file is empty"),
        ("only a signature", () => "PK\x03\x04"u8.ToArray(), "no end record"),
        ("no end record", () => Valid()[..^EndLength], "no end record"),
        ("a comment longer than the file", () => Put16(Valid(), EndOf(Valid()) + 20, 5), "no end record"),
        ("bytes after the end", () => [.. Valid(), 1, 2, 3], "ends 3 bytes before the file does"),
        ("an end record in the comment of another", () => [.. Put16(Valid(), EndOf(Valid()) + 20, EndLength), .. new TestZip().ToArray()],
            "directory is said to be 0 bytes at byte 0"),
        ("several disks", () => Put16(Valid(), EndOf(Valid()) + 4, 1), "several files"),
        ("fewer entries than counted", () => Put16(Put16(Valid(), EndOf(Valid()) + 8, 999), EndOf(Valid()) + 10, 999),
            "counts 999 entries"),
        ("a directory beyond the file", () => Put32(Valid(), EndOf(Valid()) + 16, 0x7FFF_FFFF), "directory is said to be"),
        ("a directory that begins late", () => Put32(Valid(), EndOf(Valid()) + 16, (uint)DirectoryOf(Valid()) + 1),
            "directory is said to be"),
        ("a directory that is too long", () => Put32(Valid(), EndOf(Valid()) + 12, 0xFFFF_FFF0), "directory is said to be"),
        ("a damaged directory", () => Put32(Valid(), CentralOf(Valid(), Storage), 0), "directory is damaged"),
        ("a name longer than the directory", () => Put16(Valid(), CentralOf(Valid(), Last) + 28, 60000), "directory is damaged"),
        ("a comment longer than the directory", () => Put16(Valid(), CentralOf(Valid(), Last) + 32, 60000), "directory is damaged"),
        ("an encrypted entry", () => Put16(Valid(), CentralOf(Valid(), Storage) + 8, 1), "is encrypted"),
        ("a compressed entry", () => Put16(Valid(), CentralOf(Valid(), Storage) + 10, 8), "is compressed (method 8)"),
        ("sizes that differ", () => Put32(Valid(), CentralOf(Valid(), Storage) + 24, 1 << 30), "said to be 1073741824 bytes stored as"),
        ("an entry beyond the directory", () => Sizes(Valid(), Storage, 1 << 30), "1073741824 bytes at byte"),
        ("an entry over its neighbour", () => Longer(Valid(), Pickle), "overlaps the entry before it"),
        ("two entries in one place", () => Put32(Valid(), CentralOf(Valid(), Last) + 42, (uint)LocalOf(Valid(), Storage)),
            "overlaps the entry before it"),
        ("an entry that begins beyond the directory", () => Put32(Valid(), CentralOf(Valid(), Last) + 42, (uint)DirectoryOf(Valid())),
            "but the directory begins"),
        ("an entry that is not there", () => Put32(Valid(), LocalOf(Valid(), Storage), 0), "there is no zip entry at byte"),
        ("another name in the entry", () => Put16(Valid(), LocalOf(Valid(), Storage) + LocalLength, 0x5858), "contradicts the directory"),
        ("another size in the entry", () => Put32(Valid(), LocalOf(Valid(), Storage) + 18, 1), "contradicts the directory"),
        ("another method in the entry", () => Put16(Valid(), LocalOf(Valid(), Storage) + 8, 8), "contradicts the directory"),
        ("encryption in the entry only", () => Put16(Valid(), LocalOf(Valid(), Storage) + 6, 1), "contradicts the directory"),   // GHSA-w8jq-xcqf-f792
        ("an own name longer than the file", () => Put16(Valid(), LocalOf(Valid(), Last) + 26, 60000), "but the directory begins"),
        ("a name that climbs out", () => Named("tiny/../../x"), "points outside the archive"),
        ("a name from the root", () => Named("/etc/passwd"), "points outside the archive"),
        ("a name with a backslash", () => Named("tiny\\..\\x"), "points outside the archive"),
        ("a name with a NUL", () => Named("tiny/a\0b"), "points outside the archive"),
        ("an empty name", () => Named(""), "points outside the archive"),
        ("a name twice", () => Named(Pickle), "two entries named 'tiny/data.pkl'"),
        ("two pickles", () => Named("other/data.pkl"), "2 entries named data.pkl"),
        ("no pickle", () => new TestZip().Add("word/document.xml", [1]).ToArray(), "it has no data.pkl"),
        ("an archive without entries", () => new TestZip().ToArray(), "it has no data.pkl"),
        ("a TorchScript program", () => Named("tiny/constants.pkl"), "TorchScript"),
        ("an unknown byte order", () => Named("tiny/byteorder"), "byteorder says"),

        ("a 64-bit size that is not there", () => Sizes(Valid(), Last, uint.MaxValue), "needs a 64-bit size"),
        ("a 64-bit size of 2^63", () => Sizes(Valid(Zip64(1UL << 63)), Last, uint.MaxValue), "9223372036854775808, which no file can have"),
        ("a 64-bit size beyond the file", () => Sizes(Valid(Zip64(1UL << 40, 1UL << 40)), Last, uint.MaxValue),
            "1099511627776 bytes at byte"),
        ("an extra field that is too long", () => Valid([1, 0, 0xFF, 0x7F]), "extra field of 32767 bytes where 0 are left"),
        ("a 64-bit end record beyond the file", () => Valid64((_, _, _) => (1UL << 40, [])),
            "zip64 end record is said to be at byte 1099511627776"),
        ("a 64-bit end record that is not there", () => Valid64((_, _, end) => (0, new byte[56])),
            "there is no zip64 end record at byte 0"),
        ("a 64-bit directory of 2^63 bytes", () => Directory64(1UL << 63),
            "directory length"),
        ("a 64-bit directory at 2^63", () => Valid64((count, start, end) => ((ulong)end, End64((ulong)count, 1, 1UL << 63))),
            "directory offset"),
        ("a 64-bit directory of 2^62 bytes", () => Directory64(1UL << 62),
            "directory is said to be"),
        ("several disks by the 64-bit end record", () => Valid64((count, start, end) => ((ulong)end,
            Put32(End64((ulong)count, (ulong)(end - start), (ulong)start), 16, 1))), "several files"),
        ("2^40 entries", () => Valid64((_, start, end) => ((ulong)end, End64(1UL << 40, (ulong)(end - start), (ulong)start))),
            "1099511627776 entries"),
    ];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    public static (byte[] File, string Reason) Make(string name)
    {
        (_, Func<byte[]> make, string reason) = Rows.Single(row => row.Name == name);
        return (make(), reason);
    }

    /// <summary>A valid archive whose end is the 64-bit form.</summary>
    public static byte[] Valid64() => Valid64((count, start, end) => ((ulong)end, End64((ulong)count, (ulong)(end - start), (ulong)start)));

    private static byte[] Valid(byte[]? extra = null) => Zip().ToArray(extra);

    private static TestZip Zip()
    {
        byte[] pickle = new PickleWriter().Proto().Op('}').Stop().ToArray();
        return TinyCheckpoint.Zip(pickle, [new byte[16], new byte[24]], []);
    }

    private static byte[] Directory64(ulong length) =>
        Valid64((count, start, end) => ((ulong)end, End64((ulong)count, length, (ulong)start)));

    private static byte[] Valid64(Func<int, int, int, (ulong Offset, byte[] Record)> make)
    {
        return Zip().ToArray(beforeEnd: MakeRecords);

        byte[] MakeRecords(int count, int start, int length)
        {
            (ulong offset, byte[] record) = make(count, start, start + length);
            byte[] locator = new byte[20];
            BinaryPrimitives.WriteUInt32LittleEndian(locator, 0x07064B50);
            BinaryPrimitives.WriteUInt64LittleEndian(locator.AsSpan(8), offset);
            return [.. record, .. locator];
        }
    }

    private static byte[] End64(ulong count, ulong length, ulong offset)
    {
        byte[] record = new byte[56];
        BinaryPrimitives.WriteUInt32LittleEndian(record, 0x06064B50);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(4), 44);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(24), count);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(32), count);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(40), length);
        BinaryPrimitives.WriteUInt64LittleEndian(record.AsSpan(48), offset);
        return record;
    }

    private static byte[] Named(string name) => Zip().Add(name, Encoding.ASCII.GetBytes("middle")).ToArray();

    private static byte[] Sizes(byte[] archive, string name, uint size)
    {
        int at = CentralOf(archive, name);
        return Put32(Put32(archive, at + 20, size), at + 24, size);
    }

    // One byte longer, in both headers.
    private static byte[] Longer(byte[] archive, string name)
    {
        int local = LocalOf(archive, name);
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(archive.AsSpan(local + 18)) + 1;
        return Put32(Put32(Sizes(archive, name, size), local + 18, size), local + 22, size);
    }

    private static byte[] Zip64(params ulong[] sizes)
    {
        byte[] field = new byte[4 + (8 * sizes.Length)];
        field[0] = 1;
        field[2] = (byte)(8 * sizes.Length);
        for (int i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(field.AsSpan(4 + (8 * i)), sizes[i]);
        return field;
    }
}
