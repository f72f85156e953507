using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace MyGpt.Runtime.Tests.Checkpoints.Gguf;

/// <summary>Writes GGUF files, well-formed or not.</summary>
internal sealed class TestGguf
{
    public const uint F32 = 0, F16 = 1, Q4_0 = 2, Q8_0 = 8, BF16 = 30;

    public byte[] Magic { get; set; } = "GGUF"u8.ToArray();

    public uint Version { get; set; } = 3;

    /// <summary>Instead of the true numbers of tensors and pairs.</summary>
    public ulong? TensorCount { get; set; }

    public ulong? PairCount { get; set; }

    /// <summary>Keys and values, each value with its type before it.</summary>
    public List<(string Key, byte[] Value)> Metadata { get; } = [];

    public List<Tensor> Tensors { get; } = [];

    public int Alignment { get; set; } = 32;

    /// <summary>A tensor; its sizes are the innermost first.</summary>
    public sealed record Tensor(string Name, ulong[] Sizes, uint Type, byte[] Data)
    {
        /// <summary>Instead of the true offset.</summary>
        public ulong? Offset { get; init; }

        public uint? Dimensions { get; init; }
    }

    public static byte[] UInt8(byte value) => [.. Int(0), value];

    public static byte[] Int8(sbyte value) => [.. Int(1), (byte)value];

    public static byte[] UInt16(ushort value) => [.. Int(2), .. BitConverter.GetBytes(value)];

    public static byte[] Int16(short value) => [.. Int(3), .. BitConverter.GetBytes(value)];

    public static byte[] UInt32(uint value) => [.. Int(4), .. Int(value)];

    public static byte[] Int32(int value) => [.. Int(5), .. Int((uint)value)];

    public static byte[] Float32(float value) => [.. Int(6), .. BitConverter.GetBytes(value)];

    public static byte[] Bool(byte value) => [.. Int(7), value];

    public static byte[] Text(string value) => [.. Int(8), .. String(value)];

    public static byte[] Array(uint type, ulong count, params byte[] items) => [.. Int(9), .. Int(type), .. Long(count), .. items];

    public static byte[] Texts(params string[] values) => Array(8, (ulong)values.Length, [.. values.SelectMany(String)]);

    public static byte[] Int32s(params int[] values) => Array(5, (ulong)values.Length, [.. values.SelectMany(BitConverter.GetBytes)]);

    public static byte[] UInt64(ulong value) => [.. Int(10), .. Long(value)];

    public static byte[] Int64(long value) => [.. Int(11), .. Long((ulong)value)];

    public static byte[] Float64(double value) => [.. Int(12), .. BitConverter.GetBytes(value)];

    public static byte[] String(string value) => [.. Long((ulong)Encoding.UTF8.GetByteCount(value)), .. Encoding.UTF8.GetBytes(value)];

    public static byte[] Int(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    public static byte[] Long(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }

    public TestGguf With(string key, byte[] value)
    {
        Metadata.RemoveAll(pair => pair.Key == key);
        Metadata.Add((key, value));
        return this;
    }

    /// <summary>Adds a float32 tensor, sizes outermost first.</summary>
    public TestGguf Add(string name, float[] numbers, params long[] shape) =>
        Add(name, F32, MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray(), shape);

    public TestGguf Add(string name, uint type, byte[] data, params long[] shape)
    {
        Tensors.Add(new Tensor(name, [.. shape.Reverse().Select(size => (ulong)size)], type, data));
        return this;
    }

    public TestGguf But(Action<TestGguf> change)
    {
        change(this);
        return this;
    }

    public byte[] ToArray()
    {
        List<byte> head = [.. Magic, .. Int(Version), .. Long(TensorCount ?? (ulong)Tensors.Count), .. Long(PairCount ?? (ulong)Metadata.Count)];
        foreach ((string key, byte[] value) in Metadata)
            head.AddRange([.. String(key), .. value]);
        List<byte> data = [];
        foreach (Tensor tensor in Tensors)
        {
            head.AddRange([.. String(tensor.Name), .. Int(tensor.Dimensions ?? (uint)tensor.Sizes.Length)]);
            foreach (ulong size in tensor.Sizes)
                head.AddRange(Long(size));
            head.AddRange([.. Int(tensor.Type), .. Long(tensor.Offset ?? (ulong)data.Count)]);
            data.AddRange(tensor.Data);
            Pad(data);
        }
        if (data.Count > 0)
            Pad(head);
        return [.. head, .. data];

        void Pad(List<byte> bytes) => bytes.AddRange(new byte[(Alignment - (bytes.Count % Alignment)) % Alignment]);
    }
}
