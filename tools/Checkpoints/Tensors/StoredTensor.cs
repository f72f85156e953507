using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>A tensor whose description has been checked against its storage: every element it speaks of is there.</summary>
internal sealed class StoredTensor
{
    private StoredTensor(
        string name, TensorStorage storage, TensorType type, long offset, long[] shape, long[] strides, IReadOnlyList<long>? described = null)
    {
        Described = described ?? shape;
        Name = name;
        Storage = storage;
        Type = type;
        Offset = offset;
        Shape = shape;
        Strides = strides;
    }

    /// <summary>Its name in the checkpoint.</summary>
    public string Name { get; }

    /// <summary>The bytes that it is a view of.</summary>
    public TensorStorage Storage { get; }

    /// <summary>What the elements are.</summary>
    public TensorType Type { get; }

    /// <summary>First element, counted in elements from the start of the storage.</summary>
    public long Offset { get; }

    /// <summary>Sizes, outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>The sizes that the checkpoint says, of which <see cref="Shape"/> may be a turned or narrower view.</summary>
    public IReadOnlyList<long> Described { get; }

    /// <summary>Distance between neighbours along each dimension, in elements.</summary>
    public IReadOnlyList<long> Strides { get; }

    /// <summary>
    /// Whether no two of its elements are the same one of the storage: true of all that slices and transposes of a tensor give, false of what
    /// expand() gives, and of strides that a file has made up.
    /// </summary>
    public bool IsOnceOnly
    {
        get
        {
            long reach = 1;   // from the first to the last element of the dimensions so far, the innermost in the storage first
            foreach ((long size, long stride) in Shape.Zip(Strides).Where(static dimension => dimension.First > 1).OrderBy(static dimension => dimension.Second))
            {
                if (stride < reach)
                    return false;
                reach += (size - 1) * stride;   // no further than the storage goes, which was checked
            }
            return true;
        }
    }

    /// <summary>Checks a tensor's description.</summary>
    /// <param name="name">Its name in the checkpoint.</param>
    /// <param name="value">The description.</param>
    /// <exception cref="CheckpointException">It speaks of elements that its storage does not have.</exception>
    public static StoredTensor Open(string name, TensorValue value)
    {
        string tensor = $"tensor {Printable.Quote(name)}";
        if (value.Shape.Length != value.Strides.Length)
            throw new CheckpointException($"{tensor} has {value.Shape.Length} sizes and {value.Strides.Length} strides");
        if (value.Shape.Any(static size => size < 0))
            throw new CheckpointException($"{tensor} has the shape {Printable.Shape(value.Shape)}; sizes must not be negative");
        if (value.Offset < 0 || value.Strides.Any(static stride => stride < 0))
        {
            throw new CheckpointException($"{tensor} begins at element {value.Offset} with strides {Printable.Shape(value.Strides)}; "
                + "neither may be negative");
        }
        CheckExtent(tensor, value);
        return new StoredTensor(name, value.Storage, value.Type, value.Offset, value.Shape, value.Strides);
    }

    /// <summary>The same elements with the two dimensions of a matrix exchanged.</summary>
    public StoredTensor Transpose() => new(Name, Storage, Type, Offset, [Shape[1], Shape[0]], [Strides[1], Strides[0]], Described);

    /// <summary>One of the tensors that the outermost dimension counts.</summary>
    public StoredTensor At(long index) => new(Name, Storage, Type, Offset + (index * Strides[0]), [.. Shape.Skip(1)], [.. Strides.Skip(1)], Described);

    /// <summary>The same elements without dimensions of size 1, the outermost first, until no more than some are left or none is of size 1.</summary>
    public StoredTensor Squeeze(int dimensions)
    {
        (List<long> shape, List<long> strides) = ([.. Shape], [.. Strides]);
        for (int one; shape.Count > dimensions && (one = shape.IndexOf(1)) >= 0;)
        {
            shape.RemoveAt(one);
            strides.RemoveAt(one);
        }
        return new StoredTensor(Name, Storage, Type, Offset, [.. shape], [.. strides], Described);
    }

    /// <summary>Whether two tensors are the same view of the same bytes.</summary>
    public bool IsSameView(StoredTensor other) =>
        ReferenceEquals(Storage, other.Storage) && Type == other.Type && Offset == other.Offset
        && Shape.SequenceEqual(other.Shape) && Strides.SequenceEqual(other.Strides);

    private static void CheckExtent(string tensor, TensorValue value)
    {
        long available = value.Storage.Length / value.Type.Size();
        if (value.Shape.Contains(0))
            return;
        try
        {
            checked
            {
                long count = 1, last = value.Offset;
                for (int i = 0; i < value.Shape.Length; i++)
                {
                    count *= value.Shape[i];
                    last += (value.Shape[i] - 1) * value.Strides[i];
                }
                // A view may repeat elements (stride 0). A weight that is learned does not, and a small file could ask for any amount.
                if (count <= available && last < available)
                    return;
            }
        }
        catch (OverflowException)
        {
            // Falls through to the same answer: no storage has that many elements.
        }
        throw new CheckpointException($"{tensor} of shape {Printable.Shape(value.Shape)} with strides {Printable.Shape(value.Strides)} "
            + $"from element {value.Offset} goes beyond its storage {Printable.Quote(value.Storage.Name)}, which has {available} elements");
    }
}
