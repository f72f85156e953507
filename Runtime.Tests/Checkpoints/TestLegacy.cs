using System.Buffers.Binary;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>A file in the legacy format of torch.save, part by part, so that a test can spoil any of them.</summary>
internal sealed class TestLegacy
{
    /// <summary>torch.serialization.MAGIC_NUMBER as LONG1, least significant byte first.</summary>
    public byte[] Magic { get; set; } =
        new PickleWriter().Proto().Raw(0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19).Stop().ToArray();

    public byte[] Version { get; set; } = Pickle(1001);

    public byte[] Facts { get; set; } = Pickle((List<(object, object?)>)[("protocol_version", 1001), ("little_endian", true)]);

    public byte[] Object { get; set; } = [];

    public byte[] Keys { get; set; } = [];

    public List<(long Count, byte[] Data)> Storages { get; } = [];

    public byte[] End { get; set; } = [];

    /// <summary>A file of any object.</summary>
    /// <param name="root">The object.</param>
    /// <param name="part">What stands at the end of a storage's persistent id; None where it is not given.</param>
    public static TestLegacy Of(object? root, Func<TestTensor, object?>? part = null)
    {
        var legacy = new TestLegacy();
        var known = new List<byte[]>();
        var writer = new PickleWriter { StorageIdEnd = tensor => [part?.Invoke(tensor)] };
        legacy.Object = writer.Proto().Value(root, Key).Stop().ToArray();
        legacy.Keys = Pickle(known.Select((_, index) => (object)Name(index)).ToList());
        return legacy;

        string Key(TestTensor tensor)
        {
            int index = known.FindIndex(data => ReferenceEquals(data, tensor.Data));
            if (index < 0)
            {
                index = known.Count;
                known.Add(tensor.Data);
                legacy.Storages.Add((tensor.DeclaredCount, tensor.Data));
            }
            return Name(index);
        }
    }

    /// <summary>The key of a storage; PyTorch's are addresses.</summary>
    public static string Name(int index) => $"9457{index}";

    /// <summary>One pickle.</summary>
    public static byte[] Pickle(object? value) => new PickleWriter().Proto().Value(value).Stop().ToArray();

    public TestLegacy But(Action<TestLegacy> change)
    {
        change(this);
        return this;
    }

    public byte[] ToArray()
    {
        List<byte> bytes = [.. Magic, .. Version, .. Facts, .. Object, .. Keys];
        foreach ((long count, byte[] data) in Storages)
        {
            byte[] size = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(size, count);
            bytes.AddRange([.. size, .. data]);
        }
        return [.. bytes, .. End];
    }
}
