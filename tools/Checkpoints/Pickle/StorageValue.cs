using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>A storage that tensors of a pickle are views of.</summary>
/// <param name="storage">Its bytes.</param>
/// <param name="type">What its elements are; null when the tensors say so themselves.</param>
internal sealed class StorageValue(TensorStorage storage, TensorType? type) : Value
{
    public TensorStorage Storage { get; } = storage;

    public TensorType? Type { get; } = type;

    public override string Kind => "a tensor's storage";
}
