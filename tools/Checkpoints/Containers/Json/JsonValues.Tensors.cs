using System.Text.Json;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers.Json;

/// <content>Arrays of numbers as tensors.</content>
internal ref partial struct JsonValues
{
    private const int MaxDimensions = 4;

    private const int Unknown = -1;

    // Whether the first thing in the array, and in the arrays that it begins with, is a number.
    private readonly bool BeginsTensor()
    {
        Utf8JsonReader ahead = _reader;
        while (ahead.Read() && ahead.TokenType == JsonTokenType.StartArray)
        {
        }
        return ahead.TokenType == JsonTokenType.Number;
    }

    /// <summary>Reads the array that the reader stands at the beginning of, twice: for its shape, and for its numbers.</summary>
    private TensorValue Tensor()
    {
        Utf8JsonReader start = _reader;
        long[] shape = Shape();
        long count = shape.Aggregate(1L, static (product, size) => product * size);   // no more than the text has bytes
        Take(Cost.Tensor + (count * sizeof(double)));
        double[] numbers = new double[count];
        _reader = start;
        for (int i = 0; i < numbers.Length;)
        {
            _reader.Read();
            if (_reader.TokenType == JsonTokenType.Number)
                numbers[i++] = Finite();
        }
        while (_reader.CurrentDepth > start.CurrentDepth)
            _reader.Read();

        long[] strides = new long[shape.Length];
        for (int i = shape.Length - 1; i >= 0; i--)
            strides[i] = i == shape.Length - 1 ? 1 : strides[i + 1] * shape[i + 1];
        return new TensorValue
        {
            Storage = new NumberStorage(_name, numbers),
            Type = TensorType.Float64,
            Offset = 0,
            Shape = shape,
            Strides = strides,
        };
    }

    private long[] Shape()
    {
        Span<long> sizes = stackalloc long[MaxDimensions], counts = stackalloc long[MaxDimensions];
        sizes.Fill(Unknown);
        int level = 0, dimensions = Unknown;
        counts[0] = 0;
        do
        {
            _reader.Read();
            switch (_reader.TokenType)
            {
                case JsonTokenType.Number when level == (dimensions == Unknown ? level : dimensions - 1):
                    dimensions = level + 1;
                    counts[level]++;
                    break;
                case JsonTokenType.StartArray when dimensions == Unknown || level + 1 < dimensions:
                    counts[level]++;
                    if (++level == MaxDimensions)
                        throw Error($"numbers in more than {MaxDimensions} arrays within each other");
                    counts[level] = 0;
                    break;
                case JsonTokenType.EndArray:
                    if (sizes[level] != Unknown && sizes[level] != counts[level])
                        throw Error($"this row has {counts[level]} items, the first of its kind {sizes[level]}: rows of one length were needed");
                    sizes[level] = counts[level];
                    level--;
                    break;
                case JsonTokenType.Number or JsonTokenType.StartArray:
                    throw Error("numbers and arrays stand in one array, or numbers at different depths");
                default:
                    throw Error($"an array of numbers has something else in it: {KindOf(_reader.TokenType)}");
            }
        }
        while (level >= 0);
        return sizes[..dimensions].ToArray();
    }

    private static string KindOf(JsonTokenType token) => token switch
    {
        JsonTokenType.Null => "null",
        JsonTokenType.True => "true",
        JsonTokenType.False => "false",
        JsonTokenType.String => "a string",
        _ => "an object",
    };

    private readonly double Finite() => _reader.TryGetDouble(out double number) && double.IsFinite(number)
        ? number : throw Error($"the number {Literal()} is too large for binary64");
}
