using System.Text.Json;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

/// <summary>GPT-2's tokenizer from the embedded vocabulary, made once, and the texts whose ids the official code gave.</summary>
internal static class Gpt2
{
    public static TokenizerData Data { get; } = Gpt2Vocabulary.Create();

    public static ITokenizer Tokenizer { get; } = TokenizerFactory.Create(Data);

    public static IReadOnlyList<EncodeCase> EncodeCases { get; } = [.. Lines("gpt2_cases.jsonl").Select(EncodeCase.Read)];

    public static IReadOnlyList<DecodeCase> DecodeCases { get; } = [.. Lines("gpt2_decode_cases.jsonl").Select(DecodeCase.Read)];

    private static IEnumerable<JsonElement> Lines(string name) =>
        File.ReadLines(TestFiles.Fixture($"tokenizer/{name}")).Select(line => JsonElement.Parse(line));

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt32())];

    internal sealed record EncodeCase(string Name, string Text, int[] Ids, int[] IdsSpecial)
    {
        public static EncodeCase Read(JsonElement line)
        {
            int[] ids = Ints(line.GetProperty("ids"));
            return new EncodeCase(
                line.GetProperty("name").GetString()!,
                line.TryGetProperty("utf16", out JsonElement units)
                    ? string.Concat(Ints(units).Select(unit => (char)unit)) // ill-formed on purpose, which JSON strings cannot be
                    : line.GetProperty("text").GetString()!,
                ids,
                line.TryGetProperty("ids_special", out JsonElement special) ? Ints(special) : ids);
        }
    }

    internal sealed record DecodeCase(int[] Ids, byte[] Bytes)
    {
        public static DecodeCase Read(JsonElement line) =>
            new(Ints(line.GetProperty("ids")), Convert.FromHexString(line.GetProperty("bytes_hex").GetString()!));
    }
}
