using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Weights;

/// <summary>One way in which a weights.bin can be wrong.</summary>
/// <param name="Cause">What is wrong; unique in the table.</param>
/// <param name="Part">What the message must name.</param>
/// <param name="Make">Makes the file.</param>
internal sealed record MalformedFile(string Cause, string Part, Func<byte[]> Make);

/// <summary>The ways in which a weights.bin can be wrong, one row a cause, each made from one valid file.</summary>
internal static partial class MalformedFiles
{
    public static IEnumerable<MalformedFile> All =>
    [
        .. FixedPart(), .. Json(), .. Parts(), .. Config(), .. ConfigAgainstTensors(), .. SectionEntries(), .. SectionPlaces(),
        .. TokenizerObject(), .. TokenizerTables(), .. MyGptTables(), .. Generation(), .. FileEnds(),
    ];

    private static MalformedFile Byte(string cause, string part, int offset, byte value) => new(cause, part, () =>
    {
        byte[] file = new FileForge().Bytes();
        file[offset] = value;
        return file;
    });

    private static MalformedFile UInt32(string cause, string part, int offset, uint value) => new(cause, part, () =>
    {
        byte[] file = new FileForge().Bytes();
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(offset), value);
        return file;
    });

    private static MalformedFile Text(string cause, string part, string find, string replace) =>
        new(cause, part, () => new FileForge().Bytes(json => FileForge.ReplaceOnce(json, find, replace)));

    private static MalformedFile Latin1(string cause, string part, string find, string replace) =>
        new(cause, part, () => new FileForge().BytesWithLatin1(find, replace));

    private static MalformedFile Edit(string cause, string part, Action<FileForge> edit) => new(cause, part, () =>
    {
        FileForge forge = new();
        edit(forge);
        return forge.Bytes();
    });

    private static MalformedFile Set(string part, string key, string json, string message) =>
        Edit($"{part}.{key} = {json}", message, forge => forge.Set(part, key, json));

    private static MalformedFile Section(string key, string json, string message) =>
        Edit($"section.{key} = {(json.Length > 60 ? json.Length + " characters" : json)}", message,
            forge => forge.SetSection("final_norm.weight", key, json));

    private static MalformedFile Number(string cause, string part, string table, int index, uint value) =>
        Edit(cause, part, forge => BinaryPrimitives.WriteUInt32LittleEndian(forge.Table(table)[(index * sizeof(uint))..], value));

    private static JsonObject Entry(string name, long offset) => new()
    {
        ["name"] = name,
        ["type"] = "u8",
        ["layout"] = "rows",
        ["shape"] = new JsonArray(0),
        ["offset"] = offset,
        ["length"] = 0,
        ["crc32c"] = "00000000",
    };

    private static string Nested(int depth) => new StringBuilder().Append('[', depth).Append(']', depth).ToString();
}
