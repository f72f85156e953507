using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers;

/// <summary>The tensors that a safetensors header describes, checked one by one and then against each other.</summary>
/// <param name="file">The open file; it must outlive the tensors.</param>
/// <param name="dataOffset">Where its data begins, which its header counts from.</param>
internal sealed class SafetensorsLayout(CheckpointFile file, long dataOffset)
{
    private const int MaxDimensions = 64;   // PyTorch's own limit

    private readonly List<(string Name, TensorValue Tensor, long Begin, long End)> _tensors = [];

    private readonly long _dataLength = file.Length - dataOffset;

    /// <summary>Reads one entry of the header.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="value">What the header says about it.</param>
    /// <exception cref="CheckpointException">It is no description of a tensor, or contradicts itself or the file.</exception>
    public void Add(string name, Value value)
    {
        string tensor = $"tensor {Printable.Quote(name)}";
        if (value is not DictValue entry)
            throw new CheckpointException($"{tensor}: the header has {value.Kind} for it; an object of dtype, shape and data_offsets needed");
        if (entry.TextKeys.FirstOrDefault(key => key is not ("dtype" or "shape" or "data_offsets")) is { } unknown)
            throw new CheckpointException($"{tensor}: the header has a field {Printable.Quote(unknown)}, which no version of the format has");

        TensorType type = ReadType(tensor, entry);
        long[] shape = ReadIntegers(tensor, entry, "shape");
        if (shape.Length > MaxDimensions)
            throw new CheckpointException($"{tensor} has {shape.Length} dimensions; at most {MaxDimensions} are read");
        if (ReadIntegers(tensor, entry, "data_offsets") is not [var begin, var end])
            throw new CheckpointException($"{tensor}: data_offsets must be two integers, where its data begins and where it ends");
        if (begin > end || end > _dataLength)
        {
            throw new CheckpointException($"{tensor}: data_offsets {Printable.Shape([begin, end])} found; "
                + $"they must be ordered and within the {_dataLength} bytes of data, which begin at byte {dataOffset} of the file");
        }
        long[] strides = Strides(tensor, type, shape, end - begin);
        var region = new FileRegion(file, name, dataOffset + begin, end - begin, bigEndian: false);
        _tensors.Add((name, new TensorValue { Storage = region, Type = type, Offset = 0, Shape = shape, Strides = strides }, begin, end));
    }

    /// <summary>The tensors in the header's order.</summary>
    /// <exception cref="CheckpointException">Two overlap, or bytes of the file belong to none.</exception>
    public DictValue ToStateDict()
    {
        string previous = "";
        long covered = 0;
        foreach ((string name, _, long begin, long end) in _tensors.OrderBy(static tensor => (tensor.Begin, tensor.End)))
        {
            if (begin < covered)
            {
                throw new CheckpointException($"tensor {Printable.Quote(name)} begins at byte {begin} of the data, "
                    + $"but tensor {Printable.Quote(previous)} before it ends at byte {covered}: they overlap");
            }
            if (begin > covered)
                throw Hole(covered, begin);
            (previous, covered) = (name, end);
        }
        if (covered != _dataLength)
            throw Hole(covered, _dataLength);

        var state = new DictValue();
        foreach ((string name, TensorValue tensor, _, _) in _tensors)
            state.TryAdd(new TextValue(name), tensor);   // the reader of JSON has refused a name that occurs twice
        return state;
    }

    private static CheckpointException Hole(long from, long to) => new(
        $"{Printable.Count(to - from, "byte")} from byte {from} of the data on belong to no tensor; a safetensors file has no holes");

    private static TensorType ReadType(string tensor, DictValue entry)
    {
        string name = entry.Get<TextValue>("dtype")?.Value
            ?? throw new CheckpointException($"{tensor}: the header does not say its dtype, a string");
        return name switch
        {
            "F32" => TensorType.Float32,
            "F16" => TensorType.Float16,
            "BF16" => TensorType.BFloat16,
            "F64" => TensorType.Float64,
            "I8" => TensorType.Int8,
            "U8" => TensorType.UInt8,
            "I16" => TensorType.Int16,
            "I32" => TensorType.Int32,
            "I64" => TensorType.Int64,
            "BOOL" => TensorType.Bool,
            _ => throw new CheckpointException($"{tensor} has the dtype {Printable.Quote(name)}, which is not read; "
                + "F32, F16, BF16 and F64 are, and for what is no weight I8, U8, I16, I32, I64 and BOOL"),
        };
    }

    private static long[] ReadIntegers(string tensor, DictValue entry, string field)
    {
        if (entry.Get<ListValue>(field) is not { } list)
            throw new CheckpointException($"{tensor}: the header does not say its {field}, a list of integers");
        if (list.Items.FirstOrDefault(static item => item is not IntegerValue { Value: >= 0 }) is { } wrong)
        {
            string found = wrong is IntegerValue negative ? $"{negative.Value}" : wrong.Kind;
            throw new CheckpointException($"{tensor}: its {field} has {found}; integers of at least 0 were needed");
        }
        return [.. list.Items.Select(static item => ((IntegerValue)item).Value)];
    }

    /// <summary>Row-major strides, once the shape has been found to need just the bytes that there are.</summary>
    private static long[] Strides(string tensor, TensorType type, long[] shape, long length)
    {
        long[] strides = new long[shape.Length];
        long count = 1;
        bool overflow = false;
        if (!shape.Contains(0))
        {
            for (int i = shape.Length - 1; i >= 0 && !overflow; i--)
            {
                strides[i] = count;
                overflow = shape[i] > long.MaxValue / type.Size() / count;
                count *= overflow ? 1 : shape[i];
            }
        }
        else
        {
            count = 0;
        }
        if (overflow || count * type.Size() != length)
        {
            string needed = overflow ? "more than 2^63" : $"{count * type.Size()}";
            throw new CheckpointException($"{tensor}: {type.Name()} of shape {Printable.Shape(shape)} needs {needed} bytes, "
                + $"its data_offsets hold {length}");
        }
        return strides;
    }
}
