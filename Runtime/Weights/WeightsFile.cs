using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace MyGpt.Runtime.Weights;

/// <summary>
/// A weights.bin, mapped and used in place. The container only: what the config means and which tensors it needs is the model's business.
/// </summary>
/// <remarks>
/// Opening reads the header, checks all of it, and maps the rest without touching it, so it takes as long for 1 GB as for 1 MB.
/// Safe to share between threads, but for <see cref="Dispose"/>.
/// </remarks>
public sealed class WeightsFile : IDisposable
{
    private readonly WeightsHeader _header;
    private readonly Dictionary<string, SectionInfo> _byName;
    private readonly MappedFile _map;

    private WeightsFile(string path, WeightsHeader header, MappedFile map)
    {
        Path = path;
        _header = header;
        _byName = header.Sections.ToDictionary(section => section.Name);
        _map = map;
    }

    /// <summary>The path the file was opened by.</summary>
    public string Path { get; }

    /// <summary>The header's <c>config</c>, an object.</summary>
    public JsonElement Config => _header.Config;

    /// <summary>The header's <c>tokenizer</c>, an object or JSON's null.</summary>
    public JsonElement Tokenizer => _header.Tokenizer;

    /// <summary>The header's <c>generation</c>, an object.</summary>
    public JsonElement Generation => _header.Generation;

    /// <summary>The header's <c>source</c>, an object of any content: where the weights came from.</summary>
    public JsonElement Source => _header.Source;

    /// <summary>All sections in file order; never empty.</summary>
    public IReadOnlyList<SectionInfo> Sections => _header.Sections;

    /// <summary>Whether a file begins as weights.bin does; what follows may still be damaged.</summary>
    /// <param name="path">A file.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static bool IsWeightsFile(string path)
    {
        using SafeFileHandle handle = OpenHandle(path);
        Span<byte> start = stackalloc byte[WeightsHeader.Magic.Length];
        return RandomAccess.Read(handle, start, 0) == start.Length && start.SequenceEqual(WeightsHeader.Magic);
    }

    /// <summary>Opens a file and checks its header; checksums are left to <see cref="VerifyChecksums"/>.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <exception cref="WeightsFormatException">The file is damaged, hostile or no weights.bin.</exception>
    /// <exception cref="IOException">It is missing (<see cref="FileNotFoundException"/>), a folder, a pipe or a device, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static WeightsFile Open(string path)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("weights.bin is little-endian and is used in place; this machine is big-endian.");
        using SafeFileHandle handle = OpenHandle(path);
        if (RandomAccess.GetLength(handle) == 0)
            throw FormatError.Create(path, "file", "0 bytes in it");
        WeightsHeader header = WeightsHeader.Read(handle, path);
        return new WeightsFile(path, header, new MappedFile(handle));
    }

    /// <summary>A matrix, in place.</summary>
    /// <param name="name">Its section.</param>
    /// <param name="rows">Output features.</param>
    /// <param name="columns">Input features.</param>
    /// <exception cref="WeightsFormatException">The section is missing, no tensor, or of another shape.</exception>
    public TensorView Tensor(string name, int rows, int columns)
    {
        SectionInfo section = Section(name, [rows, columns]);
        return section.Type.IsWeight()
            ? View(section, rows, columns)
            : throw Error(name, $"type {section.Type.Code()} found, f32, bf16, q8 or q4 needed");
    }

    /// <summary>A vector, in place: a norm's weight, a bias. Always float32.</summary>
    /// <param name="name">Its section.</param>
    /// <param name="length">Number of elements.</param>
    /// <exception cref="WeightsFormatException">The section is missing, not float32, or of another shape.</exception>
    public TensorView Vector(string name, int length)
    {
        SectionInfo section = Section(name, [length]);
        return section.Type == ElementType.F32
            ? View(section, 1, length)
            : throw Error(name, $"type {section.Type.Code()} found, f32 needed");
    }

    /// <summary>The bytes of a table, in place; they can be read until <see cref="Dispose"/>.</summary>
    /// <param name="name">The table's section.</param>
    /// <param name="type">Type of its elements.</param>
    /// <param name="shape">Its shape; -1 stands for any size.</param>
    /// <exception cref="WeightsFormatException">The section is missing, of another type or shape, or longer than memory can be.</exception>
    public ReadOnlyMemory<byte> Bytes(string name, ElementType type, params ReadOnlySpan<long> shape)
    {
        SectionInfo section = Section(name, shape);
        if (section.Type != type)
            throw Error(name, $"type {section.Type.Code()} found, {type.Code()} needed");
        return section.Length <= int.MaxValue
            ? _map.Memory(section.Offset, (int)section.Length)
            : throw Error(name, $"{section.Length} bytes found, at most {int.MaxValue} needed");
    }

    /// <summary>Reads the whole file: the checksum of every section, and the zeros between sections.</summary>
    /// <exception cref="WeightsFormatException">A checksum differs; the message names the section and both checksums.</exception>
    public unsafe void VerifyChecksums()
    {
        long end = Sections[0].Offset;
        foreach (SectionInfo section in Sections)
        {
            int padding = new ReadOnlySpan<byte>(_map.At(end), (int)(section.Offset - end)).IndexOfAnyExcept((byte)0);
            if (padding >= 0)
                throw Error(section.Name, $"the byte at offset {end + padding} in the padding before it is not zero");
            end = section.Offset + section.Length;

            Crc32C checksum = default;
            for (long offset = section.Offset; offset < end; offset += int.MaxValue)
                checksum.Append(new ReadOnlySpan<byte>(_map.At(offset), (int)Math.Min(int.MaxValue, end - offset)));
            if (checksum.Value != section.Checksum)
                throw Error(section.Name, $"CRC-32C {checksum.Value:x8} found, {section.Checksum:x8} needed");
        }
        GC.KeepAlive(this);
    }

    /// <summary>Unmaps the file. No view, table or model made from it may be used afterwards.</summary>
    public void Dispose() => _map.Dispose();

    private static SafeFileHandle OpenHandle(string path) =>
        File.OpenHandle(RegularFile.Find(path).FullName, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);

    private SectionInfo Section(string name, ReadOnlySpan<long> shape)
    {
        if (!_byName.TryGetValue(name, out SectionInfo? section))
            throw Error(name, $"missing; shape {Needed(shape)} needed");
        bool fits = section.Shape.Count == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++)
            fits = shape[i] == section.Shape[i] || shape[i] < 0;
        return fits
            ? section
            : throw Error(name, $"shape {FormatError.Shape(section.Shape)} found, {Needed(shape)} needed");
    }

    private static string Needed(ReadOnlySpan<long> shape) =>
        FormatError.Shape(shape.ToArray()).Replace("-1", "any", StringComparison.Ordinal);

    private unsafe TensorView View(SectionInfo section, int rows, int columns) =>
        new(section.Name, section.Type, section.Layout, rows, columns, _map.At(section.Offset), _map);

    private WeightsFormatException Error(string section, string problem) => FormatError.Create(Path, $"section '{section}'", problem);
}
