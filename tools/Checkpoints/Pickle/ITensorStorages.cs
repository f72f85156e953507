using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>Where a pickle's tensors keep their elements: the container that the pickle comes from.</summary>
internal interface ITensorStorages
{
    /// <summary>Finds a storage.</summary>
    /// <param name="key">Its name in the pickle, such as <c>17</c>.</param>
    /// <param name="count">How many elements the pickle says it has, at least 0; the caller holds the storage's length against it.</param>
    /// <param name="elementSize">Size of one element in bytes.</param>
    /// <returns>The storage, the same object every time; null when there is none of that name.</returns>
    TensorStorage? Find(string key, long count, int elementSize);
}
