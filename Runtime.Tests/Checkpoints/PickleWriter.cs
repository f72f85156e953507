using System.Buffers.Binary;
using System.Collections;
using System.Text;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Writes pickles, well-formed or not: one method an instruction, and <see cref="Value"/> for whole objects.</summary>
internal sealed class PickleWriter
{
    private readonly List<byte> _bytes = [];

    /// <summary>What stands at the end of a storage's persistent id.</summary>
    public Func<TestTensor, object?[]> StorageIdEnd { get; init; } = static _ => [];

    /// <summary>What has been written.</summary>
    public byte[] ToArray() => [.. _bytes];

    public PickleWriter Proto(byte version = 2) => Raw(0x80, version);

    public PickleWriter Stop() => Raw((byte)'.');

    public PickleWriter Op(char opcode) => Raw((byte)opcode);

    public PickleWriter Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    public PickleWriter But(Action<PickleWriter> write)
    {
        write(this);
        return this;
    }

    public PickleWriter Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op('X').UInt32((uint)utf8.Length).Raw(utf8);
    }

    public PickleWriter Int(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return value is >= 0 and < 256 ? Raw((byte)'K', (byte)value) : Raw(0x8A, 8).Raw(bytes);
    }

    public PickleWriter Global(string module, string name) => Raw([(byte)'c', .. Encoding.UTF8.GetBytes($"{module}\n{name}\n")]);

    public PickleWriter UInt32(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return Raw(bytes);
    }

    public PickleWriter UInt64(ulong value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return Raw(bytes);
    }

    /// <summary>Any object: null, bool, int, long, double, string, <see cref="TestTensor"/>, array (tuple), list, or pairs (dictionary).</summary>
    /// <param name="value">The object.</param>
    /// <param name="storageKey">Gives the key of a tensor's storage.</param>
    public PickleWriter Value(object? value, Func<TestTensor, string>? storageKey = null)
    {
        switch (value)
        {
            case null: return Op('N');
            case bool flag: return Raw((byte)(flag ? 0x88 : 0x89));
            case int number: return Int(number);
            case long number: return Int(number);
            case double number: return Real(number);
            case string text: return Text(text);
            case Action<PickleWriter> custom: custom(this); return this;
            case TestTensor tensor: return Tensor(tensor, storageKey!(tensor));
            case IEnumerable<(object Key, object? Value)> pairs: return Dictionary(pairs, storageKey);
            case object?[] tuple: return Items(Op('('), tuple, storageKey).Op('t');
            case IEnumerable list: return Items(Op(']').Op('('), list, storageKey).Op('e');
            default: throw new ArgumentException($"No pickle for a {value.GetType()}.", nameof(value));
        }
    }

    private PickleWriter Real(double number)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, number);
        return Op('G').Raw(bytes);
    }

    private PickleWriter Items(PickleWriter begun, IEnumerable items, Func<TestTensor, string>? storageKey)
    {
        foreach (object? item in items)
            begun.Value(item, storageKey);
        return begun;
    }

    private PickleWriter Dictionary(IEnumerable<(object Key, object? Value)> pairs, Func<TestTensor, string>? storageKey)
    {
        Op('}').Op('(');
        foreach ((object key, object? value) in pairs)
            Value(key, storageKey).Value(value, storageKey);
        return Op('u');
    }

    /// <summary>As torch.save writes it: a persistent id for the storage, and a call that makes a view of it.</summary>
    private PickleWriter Tensor(TestTensor tensor, string key)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op('(');
        Op('(').Text("storage").Global("torch", tensor.Storage).Text(key).Text("cpu").Int(tensor.DeclaredCount);
        foreach (object? item in StorageIdEnd(tensor))
            Value(item);
        Op('t').Op('Q');
        Int(tensor.Offset).Value(Boxed(tensor.Shape)).Value(Boxed(tensor.Strides)).Value(false);
        return Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');
    }

    private static object?[] Boxed(long[] sizes) => [.. sizes.Select(size => (object)size)];
}
