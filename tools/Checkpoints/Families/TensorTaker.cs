using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>Takes weights from a state dict, and says what is wrong with one that is missing or does not fit.</summary>
internal sealed class TensorTaker(StateDict state)
{
    /// <summary>Takes a matrix.</summary>
    /// <param name="name">Its name in the state dict.</param>
    /// <param name="rows">Needed rows; null: any.</param>
    /// <param name="columns">Needed columns; null: any.</param>
    public StoredTensor Matrix(string name, long? rows, long? columns)
    {
        StoredTensor? tensor = state.Peek(name);
        CheckWeight(name, tensor);
        if (tensor.Shape.Count != 2 || (rows ?? tensor.Shape[0]) != tensor.Shape[0] || (columns ?? tensor.Shape[1]) != tensor.Shape[1])
            throw WrongShape(tensor, rows, columns);
        return state.Take(name)!;
    }

    /// <summary>Takes a vector.</summary>
    /// <param name="name">Its name in the state dict.</param>
    /// <param name="length">Needed length.</param>
    public StoredTensor Vector(string name, long length)
    {
        StoredTensor? tensor = state.Peek(name);
        CheckWeight(name, tensor);
        if (tensor.Shape.Count != 1 || tensor.Shape[0] != length)
            throw Unfitting(tensor, Printable.Shape([length]), hint: "");
        return state.Take(name)!;
    }

    /// <summary>The number of rows of a matrix, which is not taken.</summary>
    /// <param name="name">Its name in the state dict.</param>
    /// <param name="columns">Needed columns.</param>
    public int Rows(string name, long columns)
    {
        StoredTensor? tensor = state.Peek(name);
        CheckWeight(name, tensor);
        return tensor.Shape.Count == 2 && tensor.Shape[1] == columns ? (int)tensor.Shape[0] : throw WrongShape(tensor, rows: null, columns);
    }

    private void CheckWeight(string name, [NotNull] StoredTensor? tensor)
    {
        if (tensor is null)
            throw new CheckpointException($"tensor {Printable.Quote(state.FullName(name))} is missing");
        string quoted = $"tensor {Printable.Quote(tensor.Name)}";
        if (!tensor.Type.IsFloat())
            throw new CheckpointException($"{quoted} is {tensor.Type.Name()}; a weight must be float32, float16, bfloat16 or float64");
        if (tensor.Shape.Any(static size => size is < 1 or > int.MaxValue))
            throw new CheckpointException($"{quoted} has the shape {Printable.Shape(tensor.Shape)}; sizes from 1 to {int.MaxValue} needed");
    }

    private static CheckpointException WrongShape(StoredTensor tensor, long? rows, long? columns)
    {
        bool transposed = tensor.Shape.Count == 2 && tensor.Shape[0] == columns && (rows is null || tensor.Shape[1] == rows);
        string hint = transposed ? "; this is the transpose, as Hugging Face's GPT-2 stores its Conv1D layers, which are not read yet" : "";
        return Unfitting(tensor, $"[{Size(rows)}, {Size(columns)}]", hint);
    }

    private static CheckpointException Unfitting(StoredTensor tensor, string needed, string hint) =>
        new($"tensor {Printable.Quote(tensor.Name)}: shape {Printable.Shape(tensor.Shape)} found, {needed} needed{hint}");

    private static string Size(long? size) => size?.ToString(CultureInfo.InvariantCulture) ?? "any";
}
