using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

/// <summary>A valid tiny weights.bin, taken apart so that one thing in it can be made wrong, and put together without the writer.</summary>
internal sealed class FileForge
{
    private const int PrefixLength = 20;

    private static readonly byte[] ValidFile = MakeValidFile();

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly long _firstOffset;

    /// <param name="room">Bytes that the JSON may grow by without moving the sections; a multiple of 64.</param>
    public FileForge(int room = 1024)
    {
        int jsonLength = BinaryPrimitives.ReadInt32LittleEndian(ValidFile.AsSpan(12));
        Header = JsonNode.Parse(ValidFile.AsSpan(PrefixLength, jsonLength))!.AsObject();
        JsonArray sections = Header["sections"]!.AsArray();
        Body = ValidFile[(int)sections[0]!["offset"]!..];
        foreach (JsonNode? section in sections)
            section!["offset"] = (long)section["offset"]! + room;
        _firstOffset = (long)sections[0]!["offset"]!;
    }

    /// <summary>The JSON header, to be changed.</summary>
    public JsonObject Header { get; }

    /// <summary>Everything from the first section on, to be changed.</summary>
    public byte[] Body { get; set; }

    public JsonArray Sections => Header["sections"]!.AsArray();

    /// <summary>An entry of the section table.</summary>
    public JsonObject Section(string name) => Sections.Single(section => (string)section!["name"]! == name)!.AsObject();

    /// <summary>The bytes of a section, to be changed.</summary>
    public Span<byte> Table(string name) =>
        Body.AsSpan((int)((long)Section(name)["offset"]! - _firstOffset), (int)Section(name)["length"]!);

    /// <summary>Gives a value to a key of a header object such as <c>config</c>.</summary>
    public FileForge Set(string part, string key, string json)
    {
        Header[part]![key] = JsonNode.Parse(json);
        return this;
    }

    /// <summary>Gives a value to a key of a section's entry.</summary>
    public FileForge SetSection(string name, string key, string json)
    {
        Section(name)[key] = JsonNode.Parse(json);
        return this;
    }

    /// <summary>The file. Spaces after the JSON keep the sections where they are.</summary>
    /// <param name="edit">A change of the JSON's text that no tree can express.</param>
    public byte[] Bytes(Func<string, string>? edit = null)
    {
        string json = Header.ToJsonString(Relaxed);
        string edited = edit is null ? json : edit(json);
        return Bytes(Encoding.UTF8.GetBytes(edited));
    }

    /// <summary>The file with any bytes for JSON.</summary>
    public byte[] Bytes(byte[] json)
    {
        byte[] file = new byte[_firstOffset + Body.Length];
        Assert.True(json.Length <= _firstOffset - PrefixLength, "the forge needs more room");
        file.AsSpan(0, (int)_firstOffset).Fill((byte)' ');
        ValidFile.AsSpan(0, 12).CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), (int)_firstOffset - PrefixLength);
        json.CopyTo(file, PrefixLength);
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(16), Crc32C.Of(file.AsSpan(PrefixLength, (int)_firstOffset - PrefixLength)));
        Body.CopyTo(file, _firstOffset);
        return file;
    }

    /// <summary>The JSON, one character a byte: a place for bytes that are no UTF-8.</summary>
    public byte[] BytesWithLatin1(string find, string replace)
    {
        string characters = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Header.ToJsonString(Relaxed)));
        return Bytes(Encoding.Latin1.GetBytes(ReplaceOnce(characters, find, replace)));
    }

    /// <summary>Replaces a text that occurs exactly once.</summary>
    public static string ReplaceOnce(string text, string find, string replace)
    {
        Assert.Equal(2, text.Split(find).Length);
        return text.Replace(find, replace, StringComparison.Ordinal);
    }

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static byte[] MakeValidFile()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        return File.ReadAllBytes(TinyModels.Write(
            folder.File("valid.bin"),
            TinyModels.Config with { VocabSize = 300 },
            tokenizer: TinyModels.Bpe(),
            generation: new GenerationDefaults { StartToken = 258, EndToken = 258 }));
    }
}
