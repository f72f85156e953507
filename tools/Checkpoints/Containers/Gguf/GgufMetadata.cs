using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers.Gguf;

/// <summary>Reads the metadata of a GGUF file: keys with values of thirteen types.</summary>
/// <remarks>github.com/ggml-org/ggml, docs/gguf.md.</remarks>
internal static class GgufMetadata
{
    private const int MaxPairs = 1 << 16, MaxKeyLength = (1 << 16) - 1, MaxTextLength = 16 << 20, MaxItems = 1 << 22;

    /// <summary>Codes of value types.</summary>
    private enum Kind : uint
    {
        UInt8,
        Int8,
        UInt16,
        Int16,
        UInt32,
        Int32,
        Float32,
        Bool,
        String,
        Array,
        UInt64,
        Int64,
        Float64,
    }

    /// <summary>Reads the number of pairs, as it stands in the header.</summary>
    public static int ReadCount(GgufReader reader) => reader.ReadCount(MaxPairs, "metadata pairs");

    /// <summary>Reads all pairs.</summary>
    /// <param name="reader">Stands at the first.</param>
    /// <param name="count">How many there are.</param>
    /// <exception cref="CheckpointException">A key is there twice, or a value is damaged or of an unknown type.</exception>
    public static DictValue Read(GgufReader reader, int count)
    {
        var pairs = new DictValue();
        for (int i = 0; i < count; i++)
        {
            reader.Part = $"metadata pair {i}";
            string key = reader.ReadString("a key", MaxKeyLength);
            reader.Part = $"metadata {Printable.Quote(key)}";
            reader.Spend(Cost.Pair);
            if (!pairs.TryAdd(new TextValue(key), ReadValue(reader)))
                throw reader.Error("the key is there twice");
        }
        return pairs;
    }

    private static Value ReadValue(GgufReader reader)
    {
        Kind kind = ReadKind(reader);
        if (kind != Kind.Array)
            return ReadScalar(reader, kind);
        Kind itemKind = ReadKind(reader);
        if (itemKind == Kind.Array)
            throw reader.Error("an array of arrays, which no model of GPT-2 has and ggml does not read");
        int count = reader.ReadCount(MaxItems, "items");
        reader.Spend(Cost.List);
        var items = new List<Value>();   // grows with what is really there
        for (int i = 0; i < count; i++)
        {
            reader.Spend(Cost.Item);
            items.Add(ReadScalar(reader, itemKind));
        }
        return new ListValue(ListKind.List, items);
    }

    private static Kind ReadKind(GgufReader reader)
    {
        var kind = (Kind)reader.ReadUInt32();
        return Enum.IsDefined(kind) ? kind : throw reader.Error($"value type {(uint)kind} is none of GGUF's, 0 to {(uint)Kind.Float64}");
    }

    private static Value ReadScalar(GgufReader reader, Kind kind)
    {
        if (kind is not (Kind.Bool or Kind.String))
            reader.Spend(Cost.Number);
        return kind switch
        {
            Kind.UInt8 => new IntegerValue(reader.ReadByte()),
            Kind.Int8 => new IntegerValue((sbyte)reader.ReadByte()),
            Kind.UInt16 => new IntegerValue(reader.ReadUInt16()),
            Kind.Int16 => new IntegerValue((short)reader.ReadUInt16()),
            Kind.UInt32 => new IntegerValue(reader.ReadUInt32()),
            Kind.Int32 => new IntegerValue((int)reader.ReadUInt32()),
            Kind.Int64 => new IntegerValue((long)reader.ReadUInt64()),
            Kind.UInt64 => reader.ReadUInt64() is var value and <= long.MaxValue
                ? new IntegerValue((long)value) : new OpaqueValue("number of 2^63 or more"),
            Kind.Float32 => new RealValue(BitConverter.UInt32BitsToSingle(reader.ReadUInt32())),
            Kind.Float64 => new RealValue(BitConverter.UInt64BitsToDouble(reader.ReadUInt64())),
            Kind.Bool => reader.ReadByte() switch
            {
                0 => BoolValue.False,
                1 => BoolValue.True,
                byte other => throw reader.Error($"a truth value is {other}; 0 or 1 needed"),
            },
            Kind.String => new TextValue(reader.ReadString("a string", MaxTextLength)),
            Kind.Array => throw new InvalidOperationException("An array is no scalar."),
        };
    }
}
