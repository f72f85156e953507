using System.Buffers.Binary;
using System.Globalization;
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

    /// <summary>Reads and checks a tokenizer; its tables stay in the mapped file.</summary>
    /// <exception cref="WeightsFormatException">The object or a table is malformed.</exception>
    public static TokenizerData? Read(WeightsFile file, int vocabSize)
    {
        if (file.Tokenizer.ValueKind == JsonValueKind.Null)
            return null;
        HeaderObject json = new(file.Path, Part, file.Tokenizer, Keys);
        TokenizerKind kind = json.Code<TokenizerKind>("kind", Code);
        int tokenCount = (int)json.Integer("token_count", 1, vocabSize);
        TokenizerData tokenizer = new()
        {
            Kind = kind,
            TokenCount = tokenCount,
            TokenOffsets = file.Bytes(OffsetsSection, ElementType.U32, tokenCount + 1L),
            TokenBytes = file.Bytes(BytesSection, ElementType.U8, -1),
            Merges = HasMerges(kind) ? file.Bytes(MergesSection, ElementType.U32, -1, MergeColumns) : default,
            SpecialTokens = ReadSpecialTokens(json, tokenCount),
        };
        return FindProblem(tokenizer, vocabSize) is { } problem ? throw FormatError.Create(file.Path, Part, problem) : tokenizer;
    }

    /// <summary>The first rule that the tables break, on one line, or null.</summary>
    public static string? FindProblem(TokenizerData tokenizer, int vocabSize)
    {
        if (tokenizer.TokenCount < 1 || tokenizer.TokenCount > vocabSize)
            return Invariant($"token_count: {tokenizer.TokenCount} found, 1 to vocab_size {vocabSize} needed");
        foreach ((string text, int id) in tokenizer.SpecialTokens)
        {
            if (text.Length == 0)
                return "special_tokens: a token without text";
            if (id < 0 || id >= tokenizer.TokenCount)
                return Invariant($"special_tokens: id {id} of {FormatError.Quote(text)} found, 0 to {tokenizer.TokenCount - 1} needed");
        }
        return FindOffsetsProblem(tokenizer) ?? FindMergesProblem(tokenizer);
    }

    private static string? FindOffsetsProblem(TokenizerData tokenizer)
    {
        ReadOnlySpan<byte> offsets = tokenizer.TokenOffsets.Span;
        if (offsets.Length != (tokenizer.TokenCount + 1L) * sizeof(uint))
            return Invariant($"{OffsetsSection}: {offsets.Length} bytes found, {(tokenizer.TokenCount + 1L) * sizeof(uint)} needed");
        if (Number(offsets, 0) != 0)
            return Invariant($"{OffsetsSection}: the first is {Number(offsets, 0)}, 0 needed");
        for (int i = 1; i <= tokenizer.TokenCount; i++)
        {
            if (Number(offsets, i) < Number(offsets, i - 1))
                return Invariant($"{OffsetsSection}: entry {i} is {Number(offsets, i)}, {Number(offsets, i - 1)} or more needed");
        }
        uint end = Number(offsets, tokenizer.TokenCount);
        return end == tokenizer.TokenBytes.Length
            ? null
            : Invariant($"{OffsetsSection}: the last is {end}, the {tokenizer.TokenBytes.Length} bytes of {BytesSection} needed");
    }

    private static string? FindMergesProblem(TokenizerData tokenizer)
    {
        ReadOnlySpan<byte> merges = tokenizer.Merges.Span;
        if (!HasMerges(tokenizer.Kind))
            return merges.IsEmpty ? null : $"{MergesSection}: a tokenizer of kind {Code(tokenizer.Kind)} has none";
        if (merges.Length % (MergeColumns * sizeof(uint)) != 0)
            return Invariant($"{MergesSection}: {merges.Length} bytes found, a multiple of {MergeColumns * sizeof(uint)} needed");
        for (int i = 0; i < merges.Length / sizeof(uint); i++)
        {
            uint id = Number(merges, i);
            if (id >= tokenizer.TokenCount)
                return Invariant($"{MergesSection}: id {id} in row {i / MergeColumns}, 0 to {tokenizer.TokenCount - 1} needed");
        }
        for (int row = 1; row < merges.Length / (MergeColumns * sizeof(uint)); row++)
        {
            if (Pair(merges, row) <= Pair(merges, row - 1))
                return Invariant($"{MergesSection}: row {row} does not come after row {row - 1} in the order (left, right)");
        }
        return null;
    }

    private static ulong Pair(ReadOnlySpan<byte> merges, int row) =>
        ((ulong)Number(merges, row * MergeColumns) << 32) | Number(merges, (row * MergeColumns) + 1);

    private static uint Number(ReadOnlySpan<byte> table, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(table[(index * sizeof(uint))..]);

    private static Dictionary<string, int> ReadSpecialTokens(HeaderObject json, int tokenCount)
    {
        JsonElement tokens = json["special_tokens"];
        if (tokens.ValueKind != JsonValueKind.Object)
            throw json.Unexpected("special_tokens", "an object");
        string[] texts = [.. tokens.EnumerateObject().Select(token => token.Name)];
        HeaderObject ids = new(json.File, $"{Part}.special_tokens", tokens, texts);
        return texts.ToDictionary(text => text, text => (int)ids.Integer(text, 0, tokenCount - 1));
    }

    private static SectionSource Table(string name, ElementType type, long[] shape, ReadOnlyMemory<byte> bytes) =>
        new(name, type, shape, stream => stream.Write(bytes.Span));

    private static bool HasMerges(TokenizerKind kind) => kind switch
    {
        TokenizerKind.Gpt2Bpe => true,
        TokenizerKind.Characters or TokenizerKind.Words => false,
    };

    private static string Code(TokenizerKind kind) => kind switch
    {
        TokenizerKind.Gpt2Bpe => "gpt2_bpe",
        TokenizerKind.Characters => "characters",
        TokenizerKind.Words => "words",
    };

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
