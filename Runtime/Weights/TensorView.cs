using System.Diagnostics.CodeAnalysis;

namespace MyGpt.Runtime.Weights;

/// <summary>One tensor, used where it lies in the mapped file.</summary>
/// <remarks>
/// The view keeps the mapping from being finalised, not from being disposed: after <see cref="WeightsFile.Dispose"/> its
/// memory is gone, and reading it ends the process.
/// </remarks>
[SuppressMessage("Performance", "CA1815", Justification = "Views are handed out, never compared.")]
public readonly unsafe struct TensorView
{
    private readonly object? _owner;

    /// <summary>Creates a view over memory that holds a tensor.</summary>
    /// <param name="name">The tensor's name, for messages.</param>
    /// <param name="type">Type of the elements.</param>
    /// <param name="layout">Order of the elements.</param>
    /// <param name="rows">Output features of a matrix, 1 for a vector.</param>
    /// <param name="columns">Input features of a matrix, the length of a vector.</param>
    /// <param name="data">The first element.</param>
    /// <param name="owner">What must stay alive as long as the view; null when the caller sees to that.</param>
    public TensorView(string name, ElementType type, SectionLayout layout, int rows, int columns, byte* data, object? owner = null)
    {
        Name = name;
        Type = type;
        Layout = layout;
        Rows = rows;
        Columns = columns;
        Data = data;
        _owner = owner;
    }

    /// <summary>The tensor's name in weights.bin.</summary>
    public string Name { get; }

    /// <summary>Type of the elements, one of those that <see cref="ElementTypes.IsWeight"/>.</summary>
    public ElementType Type { get; }

    /// <summary>Order of the elements.</summary>
    public SectionLayout Layout { get; }

    /// <summary>Output features of a matrix, 1 for a vector.</summary>
    public int Rows { get; }

    /// <summary>Input features of a matrix, the length of a vector.</summary>
    public int Columns { get; }

    /// <summary>
    /// The first of (Rows, Columns) elements in <see cref="Layout"/>; at a 64-byte boundary in a mapped file. A row takes
    /// <see cref="ElementTypes.RowBytes"/> bytes.
    /// </summary>
    public byte* Data { get; }

    /// <summary>Bytes of the whole tensor.</summary>
    public long ByteLength => checked(Rows * Type.RowBytes(Columns));
}
