using MyGpt.Runtime.Weights;
using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Weights;

/// <content>What can be wrong around the JSON header, in its text and in its outermost keys.</content>
internal static partial class MalformedFiles
{
    private static IEnumerable<MalformedFile> FixedPart()
    {
        yield return new("no bytes", "file: 0 bytes", () => []);
        yield return new("one byte", "fixed header: 1 bytes", () => new FileForge().Bytes()[..1]);
        yield return Byte("first magic byte", "magic", 0, 0x00);
        yield return Byte("last magic byte", "magic", 7, 0x0D);
        yield return new("a zip archive", "magic", () => [.. "PK\u0003\u0004"u8, .. new byte[100]]);
        yield return new("line endings changed by a transfer as text", "magic", () => [.. new FileForge().Bytes().Where((_, i) => i != 6)]);
        yield return UInt32("version 0", "version: 0 found, 1 needed", 8, 0);
        yield return UInt32("version 2", "version: 2 found, 1 needed", 8, 2);
        yield return UInt32("version 1 in big-endian", "version: 16777216 found", 8, 0x01000000);
        yield return UInt32("largest version", "version: 4294967295 found", 8, uint.MaxValue);
        yield return UInt32("header length 0", "header length: 0 found", 12, 0);
        yield return UInt32("header length 1", "header: not acceptable as JSON", 12, 1);
        yield return UInt32("header length up to the middle of the JSON", "header: not acceptable as JSON", 12, 1000);
        yield return UInt32("header length past the file", "header: 65536 bytes", 12, 65536);
        yield return UInt32("header length one above the limit", "header length: 8388609 found", 12, (8 << 20) + 1);
        yield return UInt32("header length 2^31 - 1", "header length: 2147483647 found", 12, int.MaxValue);
        yield return UInt32("header length 2^31", "header length: 2147483648 found", 12, 0x80000000);
        yield return UInt32("header length 2^32 - 1", "header length: 4294967295 found", 12, uint.MaxValue);
        yield return new("header length that takes in a part of the first section", "header: not acceptable as JSON", () =>
        {
            byte[] file = new FileForge().Bytes();
            file[12] += 4;
            return file;
        });
        yield return UInt32("a checksum that is not the JSON's", "header: CRC-32C ", 16, 0x12345678);
        yield return new("header padding that is not zero", "header padding: the byte at offset", () =>
        {
            byte[] file = new FileForge().Bytes();
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(12)) - 3;
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), length);
            BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(16), Crc32C.Of(file.AsSpan(20, length)));
            file[20 + length] = 0;
            file[20 + length + 1] = 0;
            file[20 + length + 2] = 1;
            return file;
        });
    }

    private static IEnumerable<MalformedFile> Json()
    {
        yield return Latin1("a byte that is never UTF-8", "header: invalid UTF-8 at offset", "\"test\"", "\"te\u00FFst\"");
        yield return Latin1("a cut UTF-8 sequence", "header: invalid UTF-8 at offset", "\"test\"", "\"te\u00E2\u0082st\"");
        yield return Latin1("an overlong UTF-8 sequence", "header: invalid UTF-8 at offset", "\"test\"", "\"te\u00C0\u0080st\"");
        yield return Latin1("a surrogate in UTF-8", "header: invalid UTF-8 at offset", "\"test\"", "\"\u00ED\u00A0\u0080\"");
        yield return Text("half a surrogate pair as an escape", "header: an escape in the string at offset", "\"test\"", "\"te\\ud800st\"");
        yield return Text("half a surrogate pair in a key", "header: an escape in the string at offset", "\"family\"", "\"\\udc00\"");
        yield return new("a byte order mark", "header: not acceptable as JSON", () => new FileForge().Bytes(json => "\uFEFF" + json));
        yield return Text("a word that is nearly a literal, with the rest of the header behind it", "header: not acceptable as JSON: offset ",
            "\"tied_head\":false", "\"tied_head\":falsy");
        yield return new("JSON of spaces", "header: not acceptable as JSON", () => new FileForge().Bytes(_ => " "));
        yield return new("an array for the header", "header: an array of 0 found, an object needed",
            () => new FileForge().Bytes(_ => "[]"));
        yield return new("a string for the header", "header: 'x' found, an object needed", () => new FileForge().Bytes(_ => "\"x\""));
        yield return new("null for the header", "header: null found, an object needed", () => new FileForge().Bytes(_ => "null"));
        yield return new("two JSON values", "header: not acceptable as JSON", () => new FileForge().Bytes(json => json + "{}"));
        yield return new("a comma after the last key", "header: not acceptable as JSON",
            () => new FileForge().Bytes(json => json[..^1] + ",}"));
        yield return new("a comment", "header: not acceptable as JSON", () => new FileForge().Bytes(json => json + "/**/"));
        yield return new("a zero byte after the JSON", "header: not acceptable as JSON", () => new FileForge().Bytes(json => json + "\0"));
        yield return Text("a line break in a string", "header: not acceptable as JSON", "\"test\"", "\"te\nst\"");
        yield return Text("a number with a leading zero", "header: not acceptable as JSON", "\"seed\":1", "\"seed\":01");
        yield return Text("NaN", "header: not acceptable as JSON", "\"seed\":1", "\"seed\":NaN");
        yield return Text("nesting deeper than 16", "header: not acceptable as JSON", "\"seed\":1", "\"seed\":" + Nested(15));
        yield return new("nesting of 100000", "header: not acceptable as JSON", () =>
            new FileForge(room: 1 << 18).Bytes(json => FileForge.ReplaceOnce(json, "\"seed\":1", "\"seed\":" + Nested(100_000))));
        yield return new("more than 2^20 JSON tokens", "header: more than the 1048576 JSON tokens", () => new FileForge(room: 3 << 20)
            .Bytes(json => FileForge.ReplaceOnce(json, "\"seed\":1",
                $"\"seed\":[{string.Join(',', new string('0', 1 << 20).ToCharArray())}]")));
        yield return Text("a key of the header twice", "'source'", "\"source\":", "\"source\":{},\"source\":");
        yield return Text("a key twice, once with an escape", "header: not acceptable as JSON", "\"source\":",
            "\"s\\u006furce\":{},\"source\":");
        yield return Text("a key of the config twice", "'mlp_dim'", "\"mlp_dim\":", "\"mlp_dim\":9,\"mlp_dim\":");
        yield return Text("a key of a section twice", "'name'", "\"name\":\"final_norm.weight\"",
            "\"name\":\"x\",\"name\":\"final_norm.weight\"");
        yield return Text("a key of the source twice", "'seed'", "\"seed\":1", "\"seed\":1,\"seed\":2");
        yield return Text("a special token twice", "'<|endoftext|>'", "\"<|endoftext|>\":258", "\"<|endoftext|>\":258,\"<|endoftext|>\":1");
    }

    private static IEnumerable<MalformedFile> Parts()
    {
        foreach (string part in new[] { "config", "tokenizer", "generation", "source", "sections" })
        {
            yield return Edit($"header without {part}", $"header: key '{part}' is missing", forge => forge.Header.Remove(part));
            yield return Edit($"a string for {part}", $"header.{part}: 'x' found", forge => forge.Header[part] = "x");
        }
        foreach (string part in new[] { "config", "generation", "source" })
            yield return Edit($"an array for {part}", $"header.{part}: an array of 1 found, an object needed",
                forge => forge.Header[part] = new JsonArray(1));
        foreach (string part in new[] { "config", "generation", "source", "sections" })
            yield return Edit($"null for {part}", $"header.{part}: null found", forge => forge.Header[part] = null);
        yield return Edit("a number for tokenizer", "header.tokenizer: 0 found, an object needed", forge => forge.Header["tokenizer"] = 0);
        yield return Edit("an object for sections", "header.sections: an object found",
            forge => forge.Header["sections"] = new JsonObject());
        yield return Edit("no sections", "header.sections: an array of 0 found", forge => forge.Header["sections"] = new JsonArray());
        yield return new("more than 65536 sections", "header.sections: an array of 65537 found", () =>
        {
            FileForge forge = new(room: 1 << 18);
            forge.Header["sections"] = new JsonArray([.. Enumerable.Range(0, 65537).Select(_ => new JsonObject())]);
            return forge.Bytes();
        });
        yield return Edit("an unknown key in the header", "header: unknown key 'checksum'", forge => forge.Header["checksum"] = 1);
        yield return Edit("a known key in capitals", "header: unknown key 'CONFIG'", forge => forge.Header["CONFIG"] = new JsonObject());
        yield return Edit("an unknown key with a line break", @"header: unknown key 'a\u{A}b'", forge => forge.Header["a\nb"] = 1);
    }

    private static IEnumerable<MalformedFile> FileEnds()
    {
        yield return new("one byte too few", "section 'head.weight': 7200 bytes at offset", () => new FileForge().Bytes()[..^1]);
        yield return new("one byte too many", "end of file: ", () => [.. new FileForge().Bytes(), 0]);
        yield return new("padding after the last section", "end of file: ", () => [.. new FileForge().Bytes(), .. new byte[32]]);
        yield return new("the file twice", "end of file: ", () => [.. new FileForge().Bytes(), .. new FileForge().Bytes()]);
        yield return new("the header alone", "section 'tokenizer.offsets': ",
            () => new FileForge().Bytes()[..^new FileForge().Body.Length]);
    }
}
