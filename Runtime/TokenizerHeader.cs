using System.Text.Json;
using System.Text.Json.Nodes;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime;

/// <summary>A tokenizer in weights.bin: the <c>tokenizer</c> object of the header and the sections that hold its tables.</summary>
internal static class TokenizerHeader
{
    private const string Part = "header.tokenizer";
    private const string OffsetsSection = "tokenizer.offsets";
    private const string BytesSection = "tokenizer.bytes";
    private const string MergesSection = "tokenizer.merges";
    private const int MergeColumns = 3;

    private static readonly string[] Keys = ["kind", "token_count", "special_tokens"];

    public static JsonObject? Write(TokenizerData? tokenizer)
    {
        if (tokenizer is null)
            return null;
        JsonObject specialTokens = [];
        foreach ((string text, int id) in tokenizer.SpecialTokens.OrderBy(t => t.Value).ThenBy(t => t.Key, StringComparer.Ordinal))
            specialTokens[text] = id;
        return new JsonObject
        {
            ["kind"] = Code(tokenizer.Kind),
            ["token_count"] = tokenizer.TokenCount,
            ["special_tokens"] = specialTokens,
        };
    }

    /// <summary>The sections of the tables, in file order; none without a tokenizer.</summary>
    public static IEnumerable<SectionSource> Sections(TokenizerData? tokenizer)
    {
        if (tokenizer is null)
            yield break;
        yield return Table(OffsetsSection, ElementType.U32, [tokenizer.TokenCount + 1L], tokenizer.TokenOffsets);
        yield return Table(BytesSection, ElementType.U8, [tokenizer.TokenBytes.Length], tokenizer.TokenBytes);
        if (HasMerges(tokenizer.Kind))
        {
            yield return Table(
                MergesSection, ElementType.U32, [tokenizer.Merges.Length / (MergeColumns * sizeof(uint)), MergeColumns], tokenizer.Merges);
        }
    }

    /// <summary>Finds a tokenizer's tables, which stay in the mapped file. Their content is the tokenizer's business.</summary>
    /// <exception cref="WeightsFormatException">The object is malformed, or a table is missing or of another size.</exception>
    public static TokenizerData? Read(WeightsFile file, int vocabSize)
    {
        if (file.Tokenizer.ValueKind == JsonValueKind.Null)
            return null;
        HeaderObject json = new(file.Path, Part, file.Tokenizer, Keys);
        TokenizerKind kind = json.Code<TokenizerKind>("kind", Code);
        int tokenCount = (int)json.Integer("token_count", 1, vocabSize);
        return new TokenizerData
        {
            Kind = kind,
            TokenCount = tokenCount,
            TokenOffsets = file.Bytes(OffsetsSection, ElementType.U32, tokenCount + 1L),
            TokenBytes = file.Bytes(BytesSection, ElementType.U8, -1),
            Merges = HasMerges(kind) ? file.Bytes(MergesSection, ElementType.U32, -1, MergeColumns) : default,
            SpecialTokens = ReadSpecialTokens(json, tokenCount),
        };
    }

    private static Dictionary<string, int> ReadSpecialTokens(HeaderObject json, int tokenCount)
    {
        JsonElement tokens = json["special_tokens"];
        if (tokens.ValueKind != JsonValueKind.Object)
            throw json.Unexpected("special_tokens", "an object");
        Dictionary<string, int> ids = [];
        foreach (JsonProperty token in tokens.EnumerateObject())
        {
            if (token.Value.ValueKind != JsonValueKind.Number || !token.Value.TryGetInt32(out int id) || id < 0 || id >= tokenCount)
            {
                throw FormatError.Create(
                    json.File, $"{Part}.special_tokens.{token.Name}", $"{FormatError.Quote(token.Value)} found, an integer from 0 to {tokenCount - 1} needed");
            }
            ids.Add(token.Name, id);
        }
        return ids;
    }

    private static SectionSource Table(string name, ElementType type, long[] shape, ReadOnlyMemory<byte> bytes) =>
        new(name, type, shape, stream => stream.Write(bytes.Span));

    private static bool HasMerges(TokenizerKind kind) => kind switch
    {
        TokenizerKind.Gpt2Bpe or TokenizerKind.MyGptBpe => true,
        TokenizerKind.Characters or TokenizerKind.Words => false,
    };

    private static string Code(TokenizerKind kind) => kind switch
    {
        TokenizerKind.Gpt2Bpe => "gpt2_bpe",
        TokenizerKind.Characters => "characters",
        TokenizerKind.Words => "words",
        TokenizerKind.MyGptBpe => "mygpt_bpe",
    };
}
