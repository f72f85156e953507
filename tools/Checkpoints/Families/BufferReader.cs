using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Reads the numbers of buffers. A mask that all layers share is read once; and a file whose buffers overlap, as none that was saved does,
/// cannot make them cost more than a few times its length.
/// </summary>
internal sealed class BufferReader
{
    // Layers may share a mask in several views; a file is hostile whose views of the same bytes are many.
    private const int MostSharing = 4;

    private readonly HashSet<(TensorStorage Storage, TensorType Type, long Offset, string View)> _seen = [];
    private readonly Dictionary<TensorStorage, long> _read = new(ReferenceEqualityComparer.Instance);
    private readonly Lazy<RowReader> _rows = new(static () => new RowReader());

    /// <summary>Whether this view of these bytes has not come before, whatever dimensions of size 1 it has.</summary>
    public bool IsNew(StoredTensor tensor)
    {
        StoredTensor view = tensor.Squeeze(0);
        return _seen.Add((view.Storage, view.Type, view.Offset, $"{Printable.Shape(view.Shape)}{Printable.Shape(view.Strides)}"));
    }

    /// <summary>Something that reads this tensor, to be asked for once for each that <see cref="IsNew"/>.</summary>
    /// <exception cref="CheckpointException">The tensors asked for so far are views of the same bytes over and over.</exception>
    public RowReader For(StoredTensor tensor)
    {
        long bytes = _read.GetValueOrDefault(tensor.Storage)
            + (tensor.Type.Size() * tensor.Shape.Aggregate(1L, static (product, size) => checked(product * size)));
        if (bytes / MostSharing > tensor.Storage.Length)
        {
            throw new CheckpointException(
                $"the buffer {Printable.Quote(tensor.Name)} overlaps others in its storage {Printable.Quote(tensor.Storage.Name)}");
        }
        _read[tensor.Storage] = bytes;
        return _rows.Value;
    }
}
