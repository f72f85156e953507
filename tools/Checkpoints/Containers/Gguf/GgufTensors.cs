using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers.Gguf;

/// <summary>Reads the list of tensors of a GGUF file and finds their bytes.</summary>
/// <remarks>github.com/ggml-org/ggml, docs/gguf.md. Sizes stand there with the innermost first.</remarks>
internal static class GgufTensors
{
    private const int MaxTensors = 1 << 16, MaxNameLength = 1 << 10, MaxDimensions = 4;

    /// <summary>Reads the number of tensors, as it stands in the header.</summary>
    public static int ReadCount(GgufReader reader) => reader.ReadCount(MaxTensors, "tensors");

    /// <summary>Reads the list.</summary>
    /// <param name="reader">Stands at the first; afterwards behind the last.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="alignment">Of the tensors' bytes.</param>
    /// <param name="file">The file.</param>
    /// <returns>Tensors by name; one of a type that is not read is an <see cref="OpaqueValue"/> with the type's name.</returns>
    /// <exception cref="CheckpointException">Names, sizes or places are damaged, or two tensors overlap.</exception>
    public static DictValue Read(GgufReader reader, int count, long alignment, CheckpointFile file)
    {
        var infos = new List<Info>();
        for (int i = 0; i < count; i++)
        {
            reader.Part = $"tensor {i}";
            infos.Add(ReadInfo(reader));
        }

        long dataStart = checked((reader.Position + alignment - 1) / alignment * alignment);
        var tensors = new DictValue();
        var unpacked = new BlockStretch();
        foreach (Info info in infos)
        {
            if (!tensors.TryAdd(new TextValue(info.Name), Place(info, dataStart, alignment, file, unpacked)))
                throw new CheckpointException($"the GGUF file has two tensors named {Printable.Quote(info.Name)}");
        }
        RefuseOverlaps(infos);
        return tensors;
    }

    private static Info ReadInfo(GgufReader reader)
    {
        string name = reader.ReadString("a name", MaxNameLength);
        reader.Part = $"tensor {Printable.Quote(name)}";
        uint dimensions = reader.ReadUInt32();
        if (dimensions is 0 or > MaxDimensions)
            throw reader.Error($"{dimensions} dimensions found, 1 to {MaxDimensions} needed");
        reader.Spend(Cost.Tensor + Cost.Storage + Cost.Pair);
        long[] shape = new long[dimensions];
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong size = reader.ReadUInt64();
            if (size is 0 or > long.MaxValue)
                throw reader.Error($"a size of {size} found, 1 to {long.MaxValue} needed");
            shape[i] = (long)size;
        }
        var type = (GgmlType)reader.ReadUInt32();
        if (!Enum.IsDefined(type))
            throw reader.Error($"type {(uint)type} is none of ggml's that we know");
        ulong offset = reader.ReadUInt64();
        return new Info(name, shape, type, offset) { ByteCount = CountBytes(reader, shape, type) };
    }

    // Null for a type that is not read.
    private static long? CountBytes(GgufReader reader, long[] shape, GgmlType type)
    {
        try
        {
            long elements = shape.Aggregate(1L, static (product, size) => checked(product * size));
            if (PlainType(type) is { } plain)
                return checked(elements * plain.Size());
            if (Blocks(type) is not { } blocks)
                return null;
            if (shape[^1] % BlockFormat.Size != 0)
                throw reader.Error($"rows of {shape[^1]} numbers found, a multiple of {BlockFormat.Size} needed for {type}");
            return checked(elements / BlockFormat.Size * blocks.Bytes);
        }
        catch (OverflowException e)
        {
            throw new CheckpointException(reader.Error($"the shape {Printable.Shape(shape)} has more bytes than a file can have").Message, e);
        }
    }

    private static Value Place(Info info, long dataStart, long alignment, CheckpointFile file, BlockStretch unpacked)
    {
        if (info.ByteCount is not { } bytes)
            return new OpaqueValue($"tensor of type {info.Type}");
        string tensor = $"GGUF, tensor {Printable.Quote(info.Name)}";
        if (info.Offset % (ulong)alignment != 0)
            throw new CheckpointException($"{tensor}: offset {info.Offset} found, a multiple of {alignment} needed");
        long available = Math.Max(0, file.Length - dataStart);
        if (info.Offset > (ulong)available || bytes > available - (long)info.Offset)
        {
            throw new CheckpointException($"{tensor}: {bytes} bytes from offset {info.Offset} needed; "
                + $"the tensors' part of the file, from byte {dataStart} on, has {available}");
        }
        TensorStorage storage = new FileRegion(file, info.Name, dataStart + (long)info.Offset, bytes, bigEndian: false);
        return new TensorValue
        {
            Storage = Blocks(info.Type) is { } format ? new BlockStorage(storage, format, unpacked) : storage,
            Type = PlainType(info.Type) ?? TensorType.Float32,
            Offset = 0,
            Shape = info.Shape,
            Strides = Strides(info.Shape),
        };
    }

    private static void RefuseOverlaps(List<Info> infos)
    {
        Info? last = null;
        foreach (Info info in infos.Where(static info => info.ByteCount is not null).OrderBy(static info => info.Offset))
        {
            if (last is not null && info.Offset < last.Offset + (ulong)last.ByteCount!.Value)
            {
                throw new CheckpointException($"GGUF, tensor {Printable.Quote(info.Name)}: it begins at offset {info.Offset}, inside "
                    + $"{Printable.Quote(last.Name)}, which has {last.ByteCount} bytes from offset {last.Offset} on");
            }
            last = info;
        }
    }

    private static long[] Strides(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; stride *= shape[i--])
            strides[i] = stride;
        return strides;
    }

    private static BlockFormat? Blocks(GgmlType type) => type switch
    {
        GgmlType.Q8_0 => BlockFormat.Q8_0,
        GgmlType.Q4_0 => BlockFormat.Q4_0,
        _ => null,
    };

    private static TensorType? PlainType(GgmlType type) => type switch
    {
        GgmlType.F32 => TensorType.Float32,
        GgmlType.F16 => TensorType.Float16,
        GgmlType.BF16 => TensorType.BFloat16,
        GgmlType.F64 => TensorType.Float64,
        GgmlType.I8 => TensorType.Int8,
        GgmlType.I16 => TensorType.Int16,
        GgmlType.I32 => TensorType.Int32,
        GgmlType.I64 => TensorType.Int64,
        _ => null,
    };

    /// <param name="Name">The tensor's name.</param>
    /// <param name="Shape">Outermost size first.</param>
    /// <param name="Type">What the elements are.</param>
    /// <param name="Offset">First byte, counted from the start of the tensors' part.</param>
    private sealed record Info(string Name, long[] Shape, GgmlType Type, ulong Offset)
    {
        /// <summary>Size in bytes; null for a type that is not read.</summary>
        public required long? ByteCount { get; init; }
    }
}
