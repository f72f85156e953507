using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Weights;

/// <content>What can be wrong in the section table.</content>
internal static partial class MalformedFiles
{
    private static IEnumerable<MalformedFile> SectionEntries()
    {
        foreach (string key in new[] { "name", "type", "layout", "shape", "offset", "length", "crc32c" })
        {
            yield return Edit($"a section without {key}", $"key '{key}' is missing",
                forge => forge.Section("final_norm.weight").Remove(key));
            yield return Section(key, "null", $".{key}: null found");
        }
        yield return Edit("an array for a section", "header.sections[3]: an array of 0 found, an object needed",
            forge => forge.Sections[3] = new JsonArray());
        yield return Section("checksum", "1", "unknown key 'checksum'");
        yield return Section("name", "1", "].name: 1 found");
        yield return Section("name", "\"\"", "].name: '' found, 1 to 128 printable");
        yield return Section("name", "\"a b\"", "].name: 'a b' found, 1 to 128 printable");
        yield return Section("name", "\"a\\nb\"", @"].name: 'a\u{A}b' found, 1 to 128 printable");
        yield return Section("name", "\"caf\u00E9\"", "].name: 'caf\u00E9' found, 1 to 128 printable");
        yield return Section("name", $"\"{new string('n', 129)}\"", "].name: 'nnnnnnnn");
        yield return Section("name", "\"token_embedding\"", "].name: 'token_embedding' found, a name that no other section has needed");
        foreach (string type in new[] { "\"f16\"", "\"F32\"", "\"f32 \"", "\"q8_0\"", "0" })
            yield return Section("type", type, $"section 'final_norm.weight'.type: {type.Replace('"', '\'')} found, one of f32, bf16, q8, q4, u32, u8");
        foreach (string layout in new[] { "\"panels\"", "\"Rows\"", "[]" })
            yield return Section("layout", layout, "section 'final_norm.weight'.layout: ");
        foreach (string shape in new[] { "6", "\"6\"", "{}", "[]", "[1,1,6]" })
            yield return Section("shape", shape, "section 'final_norm.weight'.shape: ");
        foreach (string size in new[] { "-6", "6.0", "6.5", "1e999", "\"6\"", "null", "2147483648", "9223372036854775807" })
            yield return Section("shape", $"[{size}]", $"section 'final_norm.weight'.shape[0]: {size.Replace('"', '\'')} found");
        yield return Section("shape", "[2147483647,2147483647]",
            "section 'final_norm.weight'.shape: (2147483647, 2147483647) of f32 is more bytes");
        yield return Section("shape", "[7]", "section 'final_norm.weight'.length: 24 found, 28 by shape (7) of f32 needed");
        yield return Section("shape", "[0]", "section 'final_norm.weight'.length: 24 found, 0 by shape (0) of f32 needed");
        yield return Section("shape", "[2,6]", "section 'final_norm.weight'.length: 24 found, 48 by shape (2, 6) of f32 needed");
        yield return Section("type", "\"bf16\"", "section 'final_norm.weight'.length: 24 found, 12 by shape (6) of bf16 needed");
        yield return Section("type", "\"q8\"", "section 'final_norm.weight'.length: 24 found, 34 by shape (6) of q8 needed");
        yield return Section("type", "\"q4\"", "section 'final_norm.weight'.length: 24 found, 18 by shape (6) of q4 needed");
        foreach (string length in new[] { "-1", "0", "23", "25", "24.5", "1e999", "9223372036854775807", "9223372036854775808", "\"24\"" })
            yield return Section("length", length, $"section 'final_norm.weight'.length: {length.Replace('"', '\'')} found");
        foreach (string checksum in new[] { "1", "\"\"", "\"1234567\"", "\"123456789\"", "\"0x123456\"", "\"ABCDEF01\"", "\" 1234567\"",
            "\"-1234567\"" })
            yield return Section("crc32c", checksum, "section 'final_norm.weight'.crc32c: ");
    }

    private static IEnumerable<MalformedFile> SectionPlaces()
    {
        foreach (string offset in new[] { "-1", "-64", "0.5", "1e999", "9223372036854775808", "-9223372036854775808", "\"64\"" })
            yield return Section("offset", offset, $"section 'final_norm.weight'.offset: {offset.Replace('"', '\'')} found, an integer");
        foreach (string offset in new[] { "0", "64", "9223372036854775807", "9223372036854775744" })
            yield return Section("offset", offset, $"section 'final_norm.weight'.offset: {offset} found, ");
        foreach ((string cause, int shift) in new[] { ("an overlap", -64), ("a hole", 64), ("an offset one byte on", 1),
            ("an offset one byte back", -1) })
        {
            yield return Edit($"{cause} between sections", "section 'final_norm.weight'.offset: ", forge =>
                forge.Section("final_norm.weight")["offset"] = (long)forge.Section("final_norm.weight")["offset"]! + shift);
        }
        yield return Edit("a hole before the first section", "section 'tokenizer.offsets'.offset: ", forge =>
            forge.Sections[0]!["offset"] = (long)forge.Sections[0]!["offset"]! + 64);
        yield return Edit("the first section inside the header", "section 'tokenizer.offsets'.offset: 0 found",
            forge => forge.Sections[0]!["offset"] = 0);
        yield return Edit("sections in another order", "section 'final_norm.bias'.offset: ", forge =>
        {
            JsonNode first = forge.Section("final_norm.weight");
            int index = forge.Sections.IndexOf(first);
            forge.Sections.RemoveAt(index);
            forge.Sections.Insert(index + 1, first);
        });
        yield return Edit("a section removed from the table", "section 'final_norm.bias'.offset: ", forge =>
            forge.Sections.Remove(forge.Section("final_norm.weight")));
        yield return Edit("the last section past the end of the file", "section 'head.weight': 7224 bytes at offset", forge =>
        {
            forge.Section("head.weight")["shape"] = new JsonArray(301, 6);
            forge.Section("head.weight")["length"] = 7224;
        });
        yield return Edit("a last section of 2^62 bytes", "section 'head.weight': 4611686007689969668 bytes at offset", forge =>
        {
            forge.Section("head.weight")["type"] = "u8";
            forge.Section("head.weight")["shape"] = new JsonArray(2147483647, 2147483644);
            forge.Section("head.weight")["length"] = 2147483647L * 2147483644L;
        });
        yield return Edit("a last section of q8 that is as long as its elements are many", "section 'head.weight'.length: 1800 found, 10200 by shape (300, 6) of q8 needed",
            forge =>
            {
                forge.Section("head.weight")["type"] = "q8";
                forge.Section("head.weight")["length"] = 1800;
            });
        yield return Edit("a last section of q4 of more than 2^61 bytes", "section 'head.weight': 2594073384157446144 bytes at offset", forge =>
        {
            forge.Section("head.weight")["type"] = "q4";
            forge.Section("head.weight")["shape"] = new JsonArray(2147483647, 2147483647);
            forge.Section("head.weight")["length"] = 2147483647L * 18 * 67108864;
        });
        yield return Edit("a section after a zero-length one at the same place", "section 'b'.offset: ", forge =>
        {
            JsonObject last = forge.Section("head.weight");
            long offset = (long)last["offset"]!;
            last.ReplaceWith(Entry("a", offset));
            forge.Sections.Add(Entry("b", offset + 1));
        });
    }
}
