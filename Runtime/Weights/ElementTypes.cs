namespace MyGpt.Runtime.Weights;

/// <summary>Codes and sizes of element types and layouts: what the header calls them and how many bytes they take.</summary>
public static class ElementTypes
{
    /// <summary>Weights of a row that share a scale, in the types that have scales; the last block of a row is filled up with zeros.</summary>
    public const int BlockLength = 32;

    private const int ScaleBytes = 2;

    /// <summary>The header's name of a type, such as <c>bf16</c>.</summary>
    /// <param name="type">An element type.</param>
    public static string Code(this ElementType type) => type switch
    {
        ElementType.F32 => "f32",
        ElementType.Bf16 => "bf16",
        ElementType.Q8 => "q8",
        ElementType.Q4 => "q4",
        ElementType.U32 => "u32",
        ElementType.U8 => "u8",
    };

    /// <summary>The header's name of a layout, such as <c>rows</c>.</summary>
    /// <param name="layout">A layout.</param>
    public static string Code(this SectionLayout layout) => layout switch
    {
        SectionLayout.Rows => "rows",
    };

    /// <summary>Whether tensors may have this type; the other types are for tables.</summary>
    /// <param name="type">An element type.</param>
    public static bool IsWeight(this ElementType type) => type switch
    {
        ElementType.F32 or ElementType.Bf16 or ElementType.Q8 or ElementType.Q4 => true,
        ElementType.U32 or ElementType.U8 => false,
    };

    /// <summary>Bytes of a weight, its share of its block's scale included: what of a long row <see cref="RowBytes"/> come to for each element.</summary>
    /// <param name="type">An element type.</param>
    public static double BytesPerElement(this ElementType type) => (double)type.RowBytes(BlockLength) / BlockLength;

    /// <summary>Whether a type takes fewer bytes than another, and so cannot hold all that the other holds.</summary>
    /// <param name="type">A type that <see cref="IsWeight"/>.</param>
    /// <param name="other">Another such type.</param>
    public static bool IsNarrowerThan(this ElementType type, ElementType other) => type.BytesPerElement() < other.BytesPerElement();

    /// <summary>Bytes of one row of elements.</summary>
    /// <param name="type">Type of the elements.</param>
    /// <param name="columns">Number of elements, 0 or more.</param>
    /// <exception cref="OverflowException">The row is longer than a <see cref="long"/> can say.</exception>
    public static long RowBytes(this ElementType type, long columns) => checked(type switch
    {
        ElementType.F32 => columns * 4,
        ElementType.Bf16 => columns * 2,
        ElementType.Q8 => Blocks(columns) * (BlockLength + ScaleBytes),
        ElementType.Q4 => Blocks(columns) * ((BlockLength / 2) + ScaleBytes),
        ElementType.U32 => columns * 4,
        ElementType.U8 => columns,
    });

    /// <summary>Blocks that a row of weights is cut into.</summary>
    /// <param name="columns">Number of weights, 0 or more.</param>
    public static long Blocks(long columns) => (columns / BlockLength) + (columns % BlockLength == 0 ? 0 : 1);
}
