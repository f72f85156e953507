using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Weights;

/// <content>What can be wrong in the tokenizer and its tables.</content>
internal static partial class MalformedFiles
{
    private static IEnumerable<MalformedFile> TokenizerObject()
    {
        foreach (string key in new[] { "kind", "token_count", "special_tokens" })
            yield return Edit($"tokenizer without {key}", $"header.tokenizer: key '{key}' is missing",
                forge => forge.Header["tokenizer"]!.AsObject().Remove(key));
        yield return Set("tokenizer", "model", "\"x\"", "header.tokenizer: unknown key 'model'");
        foreach (string kind in new[] { "\"wordpiece\"", "\"GPT2_BPE\"", "1", "null" })
            yield return Set("tokenizer", "kind", kind, "header.tokenizer.kind: ");
        foreach (string count in new[] { "0", "-1", "301", "258.5", "1e999", "\"259\"", "9223372036854775807" })
            yield return Set("tokenizer", "token_count", count, "header.tokenizer.token_count: ");
        yield return Set("tokenizer", "token_count", "260", "section 'tokenizer.offsets': shape (260) found, (261) needed");
        foreach (string tokens in new[] { "[]", "null", "\"x\"" })
            yield return Set("tokenizer", "special_tokens", tokens, "header.tokenizer.special_tokens: ");
        foreach (string id in new[] { "-1", "259", "1.5", "\"258\"", "null", "4294967296" })
            yield return Set("tokenizer", "special_tokens", $"{{\"x\":{id}}}", "header.tokenizer.special_tokens.x: ");
        yield return Set("tokenizer", "special_tokens", "{\"x\":1}", "tokenizer: special token ");
        yield return Set("tokenizer", "special_tokens", "{\"\":258}", "tokenizer: special token 258: its text is empty");
        yield return Edit("tables without a tokenizer", "section 'tokenizer.offsets': the config and the tokenizer have no place for it",
            forge => forge.Header["tokenizer"] = null);
        yield return Set("tokenizer", "kind", "\"characters\"",
            "section 'tokenizer.merges': the config and the tokenizer have no place for it");
    }

    // The tables of GPT-2's kind read as myGPT's: merges in the order of their turns, every token UTF-8.
    private static IEnumerable<MalformedFile> MyGptTables()
    {
        yield return AsMyGpt("GPT-2's bytes as myGPT's characters", "tokenizer: token 128 is 80, UTF-8 needed", _ => { });
        yield return AsMyGpt("myGPT without merges", "section 'tokenizer.merges': missing", forge => forge.Section("tokenizer.merges")["name"] = "x");
        yield return AsMyGpt("a left id of myGPT beyond the tokens", "tokenizer: merges: entry 0 names token 259",
            forge => BinaryPrimitives.WriteUInt32LittleEndian(forge.Table("tokenizer.merges"), 259));
        yield return AsMyGpt("a right id of myGPT beyond 2^31", "tokenizer: merges: entry 0 names token 4294967295",
            forge => BinaryPrimitives.WriteUInt32LittleEndian(forge.Table("tokenizer.merges")[4..], uint.MaxValue));
        yield return AsMyGpt("a merged id of myGPT beyond the tokens", "tokenizer: merges: entry 1 names token 300",
            forge => BinaryPrimitives.WriteUInt32LittleEndian(forge.Table("tokenizer.merges")[20..], 300));
        yield return AsMyGpt("a merge of myGPT into other text", "tokenizer: merges: entry 1 makes token 256, which is 'th', of 'th' and 'e'",
            forge => BinaryPrimitives.WriteUInt32LittleEndian(forge.Table("tokenizer.merges")[20..], 256));
        yield return AsMyGpt("a character of myGPT twice", "tokenizer: token 128 is '0', and so is token 48",
            forge => forge.Table("tokenizer.bytes")[128..256].Fill((byte)'0'));
    }

    private static MalformedFile AsMyGpt(string cause, string part, Action<FileForge> edit) => Edit(cause, part, forge =>
    {
        forge.Set("tokenizer", "kind", "\"mygpt_bpe\"");
        edit(forge);
    });

    private static IEnumerable<MalformedFile> TokenizerTables()
    {
        foreach (string table in new[] { "tokenizer.offsets", "tokenizer.bytes", "tokenizer.merges" })
        {
            yield return Edit($"{table} under another name", $"section '{table}': missing", forge => forge.Section(table)["name"] = "x");
            yield return Edit($"{table} with the type of a weight", $"section '{table}': type ", forge =>
            {
                forge.Section(table)["type"] = table == "tokenizer.bytes" ? "bf16" : "f32";
                if (table == "tokenizer.bytes")
                    forge.Section(table)["shape"] = new JsonArray((int)forge.Section(table)["length"]! / 2);
            });
        }
        yield return Edit("merges of two columns", "section 'tokenizer.merges': shape (3, 2) found, (any, 3) needed",
            forge => forge.Section("tokenizer.merges")["shape"] = new JsonArray(3, 2));
        yield return Edit("merges of one dimension", "section 'tokenizer.merges': shape (6) found",
            forge => forge.Section("tokenizer.merges")["shape"] = new JsonArray(6));
        yield return Number(
            "a first token that does not begin at 0", "tokenizer: token offsets: the first is 1, 0 needed", "tokenizer.offsets", 0, 1);
        yield return Number(
            "a token that ends before it begins", "tokenizer: token offsets: token 9 begins at 9 and ends at 8", "tokenizer.offsets", 10, 8);
        yield return Number(
            "a token that begins past all bytes", "tokenizer: token offsets: token 10 begins at 4294967295", "tokenizer.offsets", 10, uint.MaxValue);
        yield return Number("a last token past the bytes", "tokenizer: token bytes: 275 needed", "tokenizer.offsets", 259, 275);
        yield return Number("bytes that belong to no token", "tokenizer: token bytes: 273 needed", "tokenizer.offsets", 259, 273);
        yield return Edit("a byte that no token is", "tokenizer: token 1 is the byte 0", forge => forge.Table("tokenizer.bytes")[1] = 0);
        yield return Number("a left id beyond the tokens", "tokenizer: merges: entry 0 makes token 256 of 259", "tokenizer.merges", 0, 259);
        yield return Number(
            "a right id beyond the tokens", "tokenizer: merges: entry 0 makes token 256 of 116 and 4294967295", "tokenizer.merges", 1, uint.MaxValue);
        yield return Number("a merged id beyond the tokens", "tokenizer: merges: entry 1 makes token 259", "tokenizer.merges", 5, 259);
        yield return Number("a merge into other bytes", "tokenizer: merges: entry 1 makes token 257, which is", "tokenizer.merges", 3, 'x');
        yield return Edit("merges out of order", "tokenizer: merges: entry 1 is (116, 104) and follows (256, 101)", forge =>
        {
            byte[] first = forge.Table("tokenizer.merges")[..12].ToArray();
            forge.Table("tokenizer.merges")[12..].CopyTo(forge.Table("tokenizer.merges"));
            first.CopyTo(forge.Table("tokenizer.merges")[12..]);
        });
        yield return Edit("the same pair merged twice", "tokenizer: merges: entry 1 is (116, 104) and follows (116, 104)",
            forge => forge.Table("tokenizer.merges")[..12].CopyTo(forge.Table("tokenizer.merges")[12..]));
    }
}
