using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;

namespace MyGpt.Runtime.Weights;

/// <summary>Everything before the first section: 20 fixed bytes, the JSON, zeros up to the next boundary. docs/weights-format.md.</summary>
internal sealed record WeightsHeader
{
    /// <summary>Magic (8), version (uint32), bytes of JSON (uint32), CRC-32C of the JSON (uint32).</summary>
    public const int PrefixLength = ChecksumOffset + sizeof(uint);

    private const int VersionOffset = 8, LengthOffset = 12, ChecksumOffset = 16;
    private const uint Version = 1;
    private const int LongestJson = 8 << 20;

    private static readonly string[] Keys = ["config", "tokenizer", "generation", "source", "sections"];

    // No indentation, no escapes that JSON does not ask for: special tokens stay readable in a hex dump.
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private WeightsHeader()
    {
    }

    /// <summary>"\x89MyGPT\r\n": as in PNG, a first byte above ASCII and a line ending, which a transfer as text would damage.</summary>
    public static ReadOnlySpan<byte> Magic => [0x89, 0x4D, 0x79, 0x47, 0x50, 0x54, 0x0D, 0x0A];

    public required JsonElement Config { get; init; }

    /// <summary>An object, or JSON's null.</summary>
    public required JsonElement Tokenizer { get; init; }

    public required JsonElement Generation { get; init; }

    public required JsonElement Source { get; init; }

    /// <summary>In file order; never empty.</summary>
    public required SectionInfo[] Sections { get; init; }

    /// <summary>Reads and checks the header; no byte of a section is read.</summary>
    /// <exception cref="WeightsFormatException">Something is not as it must be.</exception>
    public static WeightsHeader Read(SafeFileHandle handle, string file)
    {
        long fileLength = RandomAccess.GetLength(handle);
        byte[] prefix = Read(handle, 0, (int)Math.Min(PrefixLength, fileLength));
        int jsonLength = JsonLength(file, prefix, fileLength);
        byte[] json = Read(handle, PrefixLength, jsonLength);
        WeightsHeader header = Parse(file, json, fileLength);

        // After everything else: whoever edits a header by hand learns what is wrong with it, not just that it was changed.
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(prefix.AsSpan(ChecksumOffset));
        if (checksum != Crc32C.Of(json))
            throw FormatError.Create(file, "header", $"CRC-32C {Crc32C.Of(json):x8} found, {checksum:x8} needed");

        long end = PrefixLength + jsonLength;
        int padding = Read(handle, end, (int)(header.Sections[0].Offset - end)).AsSpan().IndexOfAnyExcept((byte)0);
        if (padding >= 0)
            throw FormatError.Create(file, "header padding", $"the byte at offset {end + padding} is not zero");
        return header;
    }

    /// <summary>Checks the fixed part of a header.</summary>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="start">The first <see cref="PrefixLength"/> bytes, or as many as there are.</param>
    /// <param name="fileLength">Bytes in the file.</param>
    /// <returns>Bytes of JSON, which follow.</returns>
    public static int JsonLength(string file, ReadOnlySpan<byte> start, long fileLength)
    {
        ReadOnlySpan<byte> magic = start[..Math.Min(start.Length, Magic.Length)];
        if (!Magic.StartsWith(magic))
            throw FormatError.Create(file, "magic", $"{Convert.ToHexString(magic)} found, {Convert.ToHexString(Magic)} needed");
        if (start.Length < PrefixLength)
            throw FormatError.Create(file, "fixed header", $"{start.Length} bytes in the file, {PrefixLength} needed");
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(start[VersionOffset..]);
        if (version != Version)
            throw FormatError.Create(file, "version", $"{version} found, {Version} needed");
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(start[LengthOffset..]);
        if (length is 0 or > LongestJson)
            throw FormatError.Create(file, "header length", $"{length} found, 1 to {LongestJson} needed");
        if (length > fileLength - PrefixLength)
        {
            throw FormatError.Create(
                file, "header", $"{length} bytes at offset {PrefixLength} needed, {fileLength} bytes in the file");
        }
        return (int)length;
    }

    /// <summary>Checks the JSON of a header against the length of its file.</summary>
    public static WeightsHeader Parse(string file, ReadOnlySpan<byte> json, long fileLength)
    {
        HeaderObject root = new(file, "header", HeaderJson.Parse(file, json), Keys);
        return new WeightsHeader
        {
            Config = Object(root, "config"),
            Tokenizer = root["tokenizer"].ValueKind == JsonValueKind.Null ? root["tokenizer"] : Object(root, "tokenizer"),
            Generation = Object(root, "generation"),
            Source = Object(root, "source"),
            Sections = SectionTable.Read(root, PrefixLength + json.Length, fileLength),
        };
    }

    /// <summary>The bytes up to the first section: prefix, JSON, padding.</summary>
    /// <param name="parts">The JSON objects besides the section table.</param>
    /// <param name="sections">The section table, with the offsets that the header's own length leads to.</param>
    public static ReadOnlyMemory<byte> Compose(JsonObject parts, IEnumerable<SectionInfo> sections)
    {
        ArrayBufferWriter<byte> bytes = new();
        bytes.Write(Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.GetSpan(sizeof(uint)), Version);
        bytes.Advance(sizeof(uint));
        bytes.Write(stackalloc byte[2 * sizeof(uint)]);   // length and checksum, when they are known
        using (Utf8JsonWriter json = new(bytes, WriterOptions))
        {
            json.WriteStartObject();
            foreach ((string key, JsonNode? part) in parts)
            {
                json.WritePropertyName(key);
                if (part is null)
                    json.WriteNullValue();
                else
                    part.WriteTo(json);
            }
            SectionTable.Write(json, sections);
            json.WriteEndObject();
        }

        byte[] header = new byte[SectionTable.Align(bytes.WrittenCount)];
        bytes.WrittenSpan.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(LengthOffset), bytes.WrittenCount - PrefixLength);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(ChecksumOffset), Crc32C.Of(bytes.WrittenSpan[PrefixLength..]));
        return header;
    }

    private static JsonElement Object(HeaderObject header, string key) =>
        header[key].ValueKind == JsonValueKind.Object ? header[key] : throw header.Unexpected(key, "an object");

    private static byte[] Read(SafeFileHandle handle, long offset, int length)
    {
        byte[] bytes = new byte[length];
        int done = 0;
        while (done < length)
        {
            int count = RandomAccess.Read(handle, bytes.AsSpan(done), offset + done);
            if (count == 0)
                throw new EndOfStreamException("The file became shorter while its header was read.");
            done += count;
        }
        return bytes;
    }
}
