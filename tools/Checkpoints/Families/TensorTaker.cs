using System.Globalization;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>Takes the weights and biases of modules from a state dict, and says what is wrong with one that is missing or does not fit.</summary>
internal sealed class TensorTaker(StateDict state)
{
    // The first is PyTorch's own; then hand-written norms, a parameter that is no module, and nn.MultiheadAttention's in_proj_weight.
    private static readonly string[] WeightSuffixes = [".weight", ".scale", ".gamma", "", "_weight"];

    private static readonly string[] BiasSuffixes = [".bias", ".shift", ".beta", "_bias"];

    /// <summary>Whether a module has a weight that nobody has taken.</summary>
    public bool HasWeight(string module) => HasWeight(module, state.Has);

    /// <summary>Whether a module has a bias that nobody has taken.</summary>
    public bool HasBias(string module) => HasBias(module, state.Has);

    /// <summary>Whether a module has a weight among some names.</summary>
    /// <param name="module">Whose weight it is.</param>
    /// <param name="isThere">Whether a tensor of this name is there.</param>
    public static bool HasWeight(string module, Func<string, bool> isThere) => WeightSuffixes.Any(suffix => isThere(module + suffix));

    /// <summary>Whether a module has a bias among some names.</summary>
    /// <inheritdoc cref="HasWeight(string, Func{string, bool})"/>
    public static bool HasBias(string module, Func<string, bool> isThere) => BiasSuffixes.Any(suffix => isThere(module + suffix));

    /// <summary>Takes a matrix.</summary>
    /// <param name="module">Whose weight it is.</param>
    /// <param name="rows">Needed rows; null: any.</param>
    /// <param name="columns">Needed columns; null: any.</param>
    /// <param name="transposed">Whether the checkpoint has it as (columns, rows).</param>
    /// <returns>A view of (rows, columns).</returns>
    public StoredTensor Matrix(string module, long? rows, long? columns, bool transposed = false)
    {
        StoredTensor matrix = PeekMatrix(module, rows, columns, transposed);
        state.Take(NameOf(module, WeightSuffixes));
        return matrix;
    }

    /// <summary>Takes a table of vectors; dimensions of size 1 before its rows do not count.</summary>
    /// <param name="module">Whose weight it is.</param>
    /// <param name="columns">Needed columns; null: any.</param>
    public StoredTensor Table(string module, long? columns)
    {
        StoredTensor tensor = Peek(NameOf(module, WeightSuffixes));
        while (tensor.Shape.Count > 2 && tensor.Shape[0] == 1)
            tensor = tensor.At(0);
        CheckMatrix(tensor, rows: null, columns, transposed: false);
        state.Take(NameOf(module, WeightSuffixes));
        return tensor;
    }

    /// <summary>Takes a weight that is a vector.</summary>
    /// <param name="module">Whose weight it is.</param>
    /// <param name="length">Needed length.</param>
    public StoredTensor Vector(string module, long length) => TakeVector(NameOf(module, WeightSuffixes), length);

    /// <summary>Takes a bias.</summary>
    /// <param name="module">Whose bias it is.</param>
    /// <param name="length">Needed length.</param>
    public StoredTensor Bias(string module, long length) => TakeVector(NameOf(module, BiasSuffixes), length);

    /// <summary>Looks at a matrix without taking it.</summary>
    /// <inheritdoc cref="Matrix"/>
    public StoredTensor PeekMatrix(string module, long? rows, long? columns, bool transposed = false)
    {
        StoredTensor tensor = Peek(NameOf(module, WeightSuffixes));
        CheckMatrix(tensor, rows, columns, transposed);
        return transposed ? tensor.Transpose() : tensor;
    }

    /// <summary>The error of a module without weight.</summary>
    /// <param name="module">Whose weight is missing.</param>
    /// <param name="reason">Why it is needed, put after the name.</param>
    public CheckpointException Missing(string module, string reason = "") =>
        new($"tensor {Printable.Quote(state.FullName(NameOf(module, WeightSuffixes)))} is missing{reason}");

    private StoredTensor TakeVector(string name, long length)
    {
        StoredTensor tensor = Peek(name);
        if (tensor.Shape.Count != 1 || tensor.Shape[0] != length)
            throw Unfitting(tensor, Printable.Shape([length]), hint: "");
        state.Take(name);
        return tensor;
    }

    // Of a name that is not there, the form that the checkpoint's other names have.
    private string NameOf(string module, string[] suffixes) =>
        module + (suffixes.FirstOrDefault(suffix => state.Has(module + suffix)) ?? (state.HasModules ? suffixes[0] : ""));

    private StoredTensor Peek(string name)
    {
        StoredTensor? tensor = state.Peek(name);
        if (tensor is null)
            throw new CheckpointException($"tensor {Printable.Quote(state.FullName(name))} is missing");
        string quoted = $"tensor {Printable.Quote(tensor.Name)}";
        if (!tensor.Type.IsFloat())
            throw new CheckpointException($"{quoted} is {tensor.Type.Name()}; a weight must be float32, float16, bfloat16 or float64");
        if (tensor.Shape.Any(static size => size is < 1 or > int.MaxValue))
            throw new CheckpointException($"{quoted} has the shape {Printable.Shape(tensor.Shape)}; sizes from 1 to {int.MaxValue} needed");
        if (!tensor.IsOnceOnly)
        {
            throw new CheckpointException($"{quoted} of shape {Printable.Shape(tensor.Shape)} with strides {Printable.Shape(tensor.Strides)} "
                + "has elements in more than one place; a weight, or a slice or transpose of one, was needed");
        }
        return tensor;
    }

    private static void CheckMatrix(StoredTensor tensor, long? rows, long? columns, bool transposed)
    {
        (long? first, long? second) = transposed ? (columns, rows) : (rows, columns);
        if (tensor.Shape.Count == 2 && (first ?? tensor.Shape[0]) == tensor.Shape[0] && (second ?? tensor.Shape[1]) == tensor.Shape[1])
            return;
        bool turned = tensor.Shape.Count == 2 && tensor.Shape[0] == second && (first is null || tensor.Shape[1] == first);
        string hint = !turned ? "" : transposed
            ? "; this is the transpose: a layer that is (out, in) where Conv1D's (in, out) was expected"
            : "; this is the transpose: a layer that is (in, out), as Conv1D stores it, where (out, in) was expected";
        throw Unfitting(tensor, $"[{Size(first)}, {Size(second)}]", hint);
    }

    private static CheckpointException Unfitting(StoredTensor tensor, string needed, string hint) =>
        new($"tensor {Printable.Quote(tensor.Name)}: shape {Printable.Shape(tensor.Shape)} found, {needed} needed{hint}");

    private static string Size(long? size) => size?.ToString(CultureInfo.InvariantCulture) ?? "any";
}
