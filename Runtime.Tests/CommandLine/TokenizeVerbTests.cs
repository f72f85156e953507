using System.Text.Json;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

[Collection(SharedModels.Name)]
public class TokenizeVerbTests(Models models)
{
    [Fact]
    public void Tokenize_prints_ids_and_pieces()
    {
        Assert.Equal("30  'R'\n 0  '\\n'\n", Command.Run("tokenize", models.Shakespeare, "R\n").Succeeded().Output);
        JsonElement json = Command.Run("tokenize", models.Words, "I love  AI", "--json").Succeeded().Json();
        Assert.Equal([0, 1, 2], json.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(["I", "love", "AI"], json.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString()));
    }

    [Fact]
    public void Tokenize_reads_standard_input_and_files_without_trimming()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("text"), " a\n");
        string[] expected = ["1", "39", "0"];
        Assert.Equal(expected, Ids(Command.Run(Command.Utf8(" a\n"), "tokenize", models.Shakespeare, "-")));
        Assert.Equal(expected, Ids(Command.Run("tokenize", models.Shakespeare, "--file", folder.File("text"))));
        Command.Run("tokenize", models.Shakespeare, "--file", folder.File("missing")).Failed(4);
    }

    [Fact]
    public void Tokenize_of_a_text_that_is_no_utf8_names_the_byte()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string text = folder.File("text");
        foreach ((byte[] bytes, string problem) in new (byte[], string)[]
        {
            ([0x61, 0xC3, 0xA9, 0xFF, 0x62], "byte 3 is 0xFF, which begins no character or a broken one"),
            ([0x61, 0xE2, 0x82], "byte 1 is 0xE2, which begins no character or a broken one"),             // cut
            ([0x61, 0xED, 0xA0, 0x80], "byte 1 is 0xED, which begins no character or a broken one"),       // half a surrogate pair
            ([0x61, 0xC0, 0x80], "byte 1 is 0xC0, which begins no character or a broken one"),             // longer than needed
            ([0xEF, 0xBB, 0xBF, 0x61, 0x80], "byte 4 is 0x80, which begins no character or a broken one"),
            ([0xFF, 0xFE, 0x61, 0x00], "it begins as UTF-16 does"),
        })
        {
            File.WriteAllBytes(text, bytes);
            string needed = $"is not UTF-8: {problem}; ";
            foreach (CommandResult result in new[]
            {
                Command.Run("tokenize", models.Shakespeare, "--file", text, "--unknown", "skip"),
                Command.Run("generate", models.Shakespeare, "--file", text, "--unknown", "skip", "-n", "0"),
            })
                result.Succeeded().Says($"warning: '{text}' {needed}such bytes are read as U+FFFD\n");
            Command.Run(bytes, "tokenize", models.Shakespeare, "-", "--unknown", "skip").Succeeded().Says($"warning: standard input {needed}");
            Assert.Equal($"error: '{text}' {needed}save the text as UTF-8", Command.Run("score", models.Shakespeare, text, "--unknown", "skip").Failed(3));
            Assert.Equal($"error: standard input {needed}save the text as UTF-8",
                Command.Run(bytes, "score", models.Shakespeare, "-", "--unknown", "skip").Failed(3));
        }
    }

    [Fact]
    public void Tokenize_leaves_a_byte_order_mark_out_at_the_start_only()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("text"), "\uFEFFa");
        Assert.Equal(["39"], Ids(Command.Run("tokenize", models.Shakespeare, "--file", folder.File("text"))));
        Assert.Equal(["39"], Ids(Command.Run(Command.Utf8("\uFEFFa"), "tokenize", models.Shakespeare, "-")));
        Command.Run(Command.Utf8("a\uFEFF"), "tokenize", models.Shakespeare, "-").Failed(2, "U+FEFF");
    }

    [Fact]
    public void Tokenize_takes_special_tokens_as_text_unless_told()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(folder.File("bpe.bin"), TinyModels.Config with { VocabSize = 259 }, tokenizer: TinyModels.Bpe());
        Assert.Equal(13, Ids(Command.Run("tokenize", weights, "<|endoftext|>")).Length);
        Assert.Equal(["258"], Ids(Command.Run("tokenize", weights, "<|endoftext|>", "--special")));
        Assert.Equal("195  '\\xc3'\n169  '\\xa9'\n", Command.Run("tokenize", weights, "é").Output);
    }

    [Fact]
    public void Tokenize_of_an_unknown_character_names_it_and_its_place()
    {
        string line = Command.Run("tokenize", models.Shakespeare, "caf\u00e9").Failed(2, "--unknown skip");
        Assert.Contains("no character 'é' (U+00E9), found at character 3 of the text", line, StringComparison.Ordinal);
        Assert.Contains("no word 'dogs', found at word 2 ", Command.Run("tokenize", models.Words, "I love dogs").Failed(2), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenize_leaves_out_or_replaces_what_is_unknown_when_told()
    {
        string[] known = Ids(Command.Run("tokenize", models.Shakespeare, "caf?!"));
        Assert.Equal([.. known[..3], known[4]], Ids(Command.Run("tokenize", models.Shakespeare, "caf\u00e9!", "--unknown", "skip")));
        Assert.Equal(known, Ids(Command.Run("tokenize", models.Shakespeare, "caf\u00e9!", "--unknown", "replace")));
        Assert.Contains("warning: the vocabulary has no character 'é' (U+00E9)",
            Command.Run("tokenize", models.Shakespeare, "caf\u00e9!", "--unknown", "skip").Succeeded().Error, StringComparison.Ordinal);
        Assert.Equal("", Command.Run("tokenize", models.Shakespeare, "cafe!", "--unknown", "skip").Succeeded().Error);
        Command.Run("tokenize", models.Shakespeare, "caf\u00e9", "--unknown", "error").Failed(2, "'é'");
        Command.Run("tokenize", models.Words, "I love dogs", "--unknown", "replace").Failed(2, "nor a token to replace it");
        Command.Run("tokenize", models.Words, "I", "--unknown", "ask").Failed(2, "error, skip, replace");
    }

    [Fact]
    public void Tokenize_without_a_vocabulary_names_the_option() =>
        Command.Run("tokenize", models.NoVocabulary, "I").Failed(2, "--vocab FILE");

    private static string[] Ids(CommandResult result) =>
        [.. result.Succeeded().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim().Split(' ')[0])];
}
