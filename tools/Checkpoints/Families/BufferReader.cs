using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Reads the numbers of buffers. A mask that all layers share is read once; and a file whose buffers overlap, as none that was saved does,
/// cannot make them cost more than the file is long.
/// </summary>
internal sealed class BufferReader
{
    private readonly HashSet<(TensorStorage Storage, TensorType Type, long Offset, string View)> _seen = [];
    private readonly Dictionary<TensorStorage, long> _read = new(ReferenceEqualityComparer.Instance);
    private readonly Lazy<RowReader> _rows = new(static () => new RowReader());

    /// <summary>Whether this view of these bytes has not come before.</summary>
    public bool IsNew(StoredTensor tensor) =>
        _seen.Add((tensor.Storage, tensor.Type, tensor.Offset, $"{Printable.Shape(tensor.Shape)}{Printable.Shape(tensor.Strides)}"));

    /// <summary>Something that reads this tensor, to be asked for once for each that <see cref="IsNew"/>.</summary>
    /// <exception cref="CheckpointException">The tensors asked for so far are views of the same bytes over and over.</exception>
    public RowReader For(StoredTensor tensor)
    {
        long bytes = _read.GetValueOrDefault(tensor.Storage)
            + (tensor.Type.Size() * tensor.Shape.Aggregate(1L, static (product, size) => checked(product * size)));
        if (bytes > tensor.Storage.Length)
            throw new CheckpointException($"the buffer {Printable.Quote(tensor.Name)} overlaps others in its storage {Printable.Quote(tensor.Storage.Name)}");
        _read[tensor.Storage] = bytes;
        return _rows.Value;
    }
}
