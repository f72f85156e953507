using System.Text.Json;
using MyGpt.Runtime.Tests.Reference;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

/// <summary>A vocabulary that myGPT trained, and what its encoders made of some texts.</summary>
internal static class MyGptBpeCases
{
    private static readonly JsonElement Root =
        JsonElement.Parse(File.ReadAllBytes(TestFiles.Fixture("mygpt_modern_bpe/tokenizer_cases.json")));

    public static string[] Chars { get; } = Strings(Root.GetProperty("chars"));

    public static (string Left, string Right)[] Merges { get; } =
        [.. Root.GetProperty("merges").EnumerateArray().Select(Strings).Select(pair => (pair[0], pair[1]))];

    public static string[] Vocabulary { get; } = Strings(Root.GetProperty("vocab"));

    /// <summary>The texts with the ids of <c>encode()</c> and of <c>encode_corpus()</c>.</summary>
    public static IReadOnlyList<(string Text, int[] Ids, int[] CorpusIds)> All { get; } = [.. Root.GetProperty("cases").EnumerateArray()
        .Select(c => (c.GetProperty("text").GetString()!, Ints(c.GetProperty("encode")), Ints(c.GetProperty("encode_corpus"))))];

    /// <summary>Texts with a character that the vocabulary does not have, and what <c>encode_corpus()</c>, which skips it, makes of them.</summary>
    public static IReadOnlyList<(string Text, int[] CorpusIds)> Unknown { get; } = [.. Root.GetProperty("unknown_characters").EnumerateArray()
        .Select(c => (c.GetProperty("text").GetString()!, Ints(c.GetProperty("encode_corpus"))))];

    public static ReferenceMyGptBpe Reference { get; } = new(Chars, Merges);

    public static ITokenizer Tokenizer { get; } = Build(Chars, Merges);

    /// <summary>A tokenizer from the lists of a checkpoint.</summary>
    public static ITokenizer Build(IReadOnlyList<string> chars, IReadOnlyList<(string Left, string Right)> merges)
    {
        string[] tokens = [.. chars, .. merges.Select(merge => merge.Left + merge.Right)];
        BpeMerge[] table = [.. merges.Select(merge => new BpeMerge(Id(merge.Left), Id(merge.Right), Id(merge.Left + merge.Right)))];
        return TokenizerFactory.Create(TokenizerDataBuilder.MyGptBpe(tokens, table));

        int Id(string token) => Array.LastIndexOf(tokens, token);
    }

    private static string[] Strings(JsonElement array) => [.. array.EnumerateArray().Select(item => item.GetString()!)];

    private static int[] Ints(JsonElement array) => [.. array.EnumerateArray().Select(number => number.GetInt32())];
}
