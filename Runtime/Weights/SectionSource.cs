namespace MyGpt.Runtime.Weights;

/// <summary>One section to be written.</summary>
/// <param name="Name">Unique in the file: 1 to 128 printable ASCII characters without spaces.</param>
/// <param name="Type">Type of the elements; the layout is <see cref="SectionLayout.Rows"/>.</param>
/// <param name="Shape">One or two dimensions: (length) or (rows, columns).</param>
/// <param name="Write">Called once: writes exactly the section's bytes, little-endian, in pieces of any size.</param>
public sealed record SectionSource(string Name, ElementType Type, IReadOnlyList<long> Shape, Action<Stream> Write);
