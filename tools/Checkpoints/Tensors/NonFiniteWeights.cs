using System.Globalization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>Names weights that are NaN or infinite, or become so in the type that they are written as.</summary>
internal static class NonFiniteWeights
{
    /// <summary>The first of some numbers that is no weight, as <c>tensor 'NAME'[ROW, COLUMN] is NaN</c>; null where there is none.</summary>
    /// <param name="tensor">Where the numbers stand.</param>
    /// <param name="row">Row of the first number.</param>
    /// <param name="column">Column of the first number.</param>
    /// <param name="numbers">The numbers.</param>
    /// <param name="type">What they are written as.</param>
    public static string? Find(StoredTensor tensor, long row, long column, ReadOnlySpan<float> numbers, ElementType type)
    {
        int at = FloatConversion.FindNonFinite(numbers, bf16: type == ElementType.Bf16);
        if (at < 0)
            return null;
        long columns = tensor.Shape[^1];
        long element = (row * columns) + column + at;
        string place = tensor.Shape.Count == 1 ? Printable.Shape([element]) : Printable.Shape([element / columns, element % columns]);
        string number = numbers[at].ToString(CultureInfo.InvariantCulture);
        string note = float.IsFinite(numbers[at]) ? ", too large for bf16" : tensor.Type == TensorType.Float64 ? " in float32" : "";
        return $"tensor {Printable.Quote(tensor.Name)}{place} is {number}{note}";
    }

    /// <summary>Reads all tensors, and warns where weights are written that are none.</summary>
    /// <param name="tensors">Each with the type that it is written as.</param>
    /// <param name="report">Gets the warning: the first of them, and how many there are.</param>
    /// <exception cref="IOException">The checkpoint cannot be read.</exception>
    public static void Warn(IEnumerable<(TensorSource Source, ElementType Type)> tensors, Report report)
    {
        var reader = new RowReader();
        string? first = null;
        long count = 0;
        foreach ((TensorSource source, ElementType type) in tensors)
        {
            foreach (StoredTensor part in source.Parts)
            {
                reader.Read(part, (row, column, numbers) =>
                {
                    first ??= Find(part, row, column, numbers, type);
                    count += Count(numbers, type);
                });
            }
        }
        if (first is not null)
            report.Warning($"{Printable.Count(count, "weight")} that {(count == 1 ? "is" : "are")} not finite, written as --allow-nonfinite says: {first}");
    }

    private static long Count(ReadOnlySpan<float> numbers, ElementType type)
    {
        long count = 0;
        for (int at; (at = FloatConversion.FindNonFinite(numbers, bf16: type == ElementType.Bf16)) >= 0; numbers = numbers[(at + 1)..])
            count++;
        return count;
    }
}
