using System.Globalization;
using System.Text.Json;

namespace MyGpt.Runtime.Weights;

/// <summary>The section table: how an entry is read, how it is written, and where a section may lie.</summary>
internal static class SectionTable
{
    /// <summary>Sections start at multiples of this: a cache line, and the widest vector there is.</summary>
    public const int Alignment = 64;

    public const int MostSections = 1 << 16;

    private const int LongestName = 128;
    private const int MostDimensions = 2;

    private static readonly string[] Keys = ["name", "type", "layout", "shape", "offset", "length", "crc32c"];

    /// <summary>The first section boundary at or after an offset.</summary>
    public static long Align(long offset) => checked(offset + (Alignment - 1)) & -Alignment;

    /// <summary>Bytes of a section.</summary>
    /// <exception cref="OverflowException">More than a <see cref="long"/> can say.</exception>
    public static long ByteLength(ElementType type, IReadOnlyList<long> shape) =>
        checked(type.RowBytes(shape[^1]) * (shape.Count == 2 ? shape[0] : 1));

    /// <summary>Reads all entries: each byte of the file then belongs to the header, to one section or to the padding before one.</summary>
    /// <param name="header">The object that holds the array <c>sections</c>.</param>
    /// <param name="headerEnd">First byte after the JSON.</param>
    /// <param name="fileLength">Bytes in the file.</param>
    /// <exception cref="WeightsFormatException">An entry is malformed, or the sections do not fill the file in order.</exception>
    public static SectionInfo[] Read(HeaderObject header, long headerEnd, long fileLength)
    {
        JsonElement.ArrayEnumerator entries = header.Array("sections", 1, MostSections);
        List<SectionInfo> sections = [];
        HashSet<string> names = [];
        long end = headerEnd;
        foreach (JsonElement element in entries)
        {
            HeaderObject entry = new(header.File, $"header.sections[{sections.Count}]", element, Keys);
            string name = ReadName(entry);
            if (!names.Add(name))
                throw entry.Unexpected("name", "a name that no other section has");
            SectionInfo section = ReadEntry(new(header.File, $"section '{name}'", element, Keys), name, Align(end), fileLength);
            sections.Add(section);
            end = section.Offset + section.Length;
        }
        if (end != fileLength)
        {
            throw FormatError.Create(header.File, "end of file", string.Create(
                CultureInfo.InvariantCulture, $"{fileLength} bytes in the file, {end} needed by header and sections"));
        }
        return [.. sections];
    }

    public static void Write(Utf8JsonWriter json, IEnumerable<SectionInfo> sections)
    {
        json.WriteStartArray("sections");
        foreach (SectionInfo section in sections)
        {
            json.WriteStartObject();
            json.WriteString("name", section.Name);
            json.WriteString("type", section.Type.Code());
            json.WriteString("layout", section.Layout.Code());
            json.WriteStartArray("shape");
            foreach (long dimension in section.Shape)
                json.WriteNumberValue(dimension);
            json.WriteEndArray();
            json.WriteNumber("offset", section.Offset);
            json.WriteNumber("length", section.Length);
            json.WriteString("crc32c", section.Checksum.ToString("x8", CultureInfo.InvariantCulture));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string ReadName(HeaderObject entry)
    {
        string name = entry.Text("name");
        return name.Length is > 0 and <= LongestName && !name.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? name
            : throw entry.Unexpected("name", $"1 to {LongestName} printable ASCII characters without spaces");
    }

    private static SectionInfo ReadEntry(HeaderObject entry, string name, long needed, long fileLength)
    {
        ElementType type = entry.Code<ElementType>("type", ElementTypes.Code);
        SectionLayout layout = entry.Code<SectionLayout>("layout", ElementTypes.Code);
        long[] shape = ReadShape(entry);
        long length = entry.Integer("length", 0, long.MaxValue);
        long shapeLength = ReadByteLength(entry, type, shape);
        if (length != shapeLength)
            throw entry.Unexpected("length", Invariant($"{shapeLength} by shape {FormatError.Shape(shape)} of {type.Code()}"));
        long offset = entry.Integer("offset", 0, long.MaxValue);
        if (offset != needed)
            throw entry.Unexpected("offset", Invariant($"{needed}, the first multiple of {Alignment} after the part before,"));
        if (offset > fileLength || length > fileLength - offset)
        {
            throw FormatError.Create(
                entry.File, entry.Part, Invariant($"{length} bytes at offset {offset} needed, {fileLength} bytes in the file"));
        }
        return new SectionInfo(name, type, layout, shape, offset, length, ReadChecksum(entry));
    }

    private static long[] ReadShape(HeaderObject entry)
    {
        List<long> shape = [];
        foreach (JsonElement dimension in entry.Array("shape", 1, MostDimensions))
        {
            if (dimension.ValueKind != JsonValueKind.Number || !dimension.TryGetInt32(out int size) || size < 0)
            {
                throw FormatError.Create(entry.File, $"{entry.Part}.shape[{shape.Count}]", Invariant(
                    $"{FormatError.Quote(dimension)} found, an integer from 0 to {int.MaxValue} needed"));
            }
            shape.Add(size);
        }
        return [.. shape];
    }

    private static long ReadByteLength(HeaderObject entry, ElementType type, long[] shape)
    {
        try
        {
            return ByteLength(type, shape);
        }
        catch (OverflowException)
        {
            throw FormatError.Create(
                entry.File, $"{entry.Part}.shape", $"{FormatError.Shape(shape)} of {type.Code()} is more bytes than a file can have");
        }
    }

    private static uint ReadChecksum(HeaderObject entry)
    {
        string text = entry.Text("crc32c");
        return text.Length == 8 && text.All(char.IsAsciiHexDigitLower)
            ? uint.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : throw entry.Unexpected("crc32c", "8 lower-case hexadecimal digits");
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
