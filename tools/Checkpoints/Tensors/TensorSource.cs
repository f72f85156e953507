namespace MyGpt.Checkpoints.Tensors;

/// <summary>Where one tensor of weights.bin comes from: the rows of one checkpoint tensor, or of several one after the other.</summary>
/// <param name="parts">Matrices with the same number of columns, or vectors.</param>
internal sealed class TensorSource(params StoredTensor[] parts)
{
    /// <summary>The parts, first rows first.</summary>
    public IReadOnlyList<StoredTensor> Parts { get; } = parts;

    /// <summary>Number of elements.</summary>
    public long Count => Parts.Sum(static part => part.Shape.Aggregate(1L, static (product, size) => checked(product * size)));
}
