using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Values;

/// <summary>
/// A tensor as the checkpoint describes it, not yet checked: where its elements would be, not the elements.
/// <see cref="StoredTensor.Open"/> checks it and makes it readable.
/// </summary>
internal sealed class TensorValue : Value
{
    /// <summary>The bytes that the tensor is a view of; several tensors may share them.</summary>
    public required TensorStorage Storage { get; init; }

    /// <summary>What the elements are.</summary>
    public required TensorType Type { get; init; }

    /// <summary>First element, counted in elements of <see cref="Type"/> from the start of the storage.</summary>
    public required long Offset { get; init; }

    /// <summary>Sizes, outermost first; empty for a single number.</summary>
    public required long[] Shape { get; init; }

    /// <summary>Distance between neighbours along each dimension, in elements.</summary>
    public required long[] Strides { get; init; }

    public override string Kind => "a tensor";
}
