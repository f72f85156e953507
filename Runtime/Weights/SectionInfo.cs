namespace MyGpt.Runtime.Weights;

/// <summary>One row of the section table: a named range of the file.</summary>
/// <param name="Name">Unique in the file: 1 to 128 printable ASCII characters without spaces.</param>
/// <param name="Type">Type of the elements.</param>
/// <param name="Layout">Order of the elements.</param>
/// <param name="Shape">One or two dimensions: (length) or (rows, columns).</param>
/// <param name="Offset">First byte, counted from the start of the file; a multiple of 64.</param>
/// <param name="Length">Number of bytes.</param>
/// <param name="Checksum">CRC-32C of these bytes, as the header says it.</param>
public sealed record SectionInfo(
    string Name, ElementType Type, SectionLayout Layout, IReadOnlyList<long> Shape, long Offset, long Length, uint Checksum);
