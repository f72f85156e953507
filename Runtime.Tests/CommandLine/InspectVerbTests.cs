using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Verify;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

[Collection(SharedModels.Name)]
public class InspectVerbTests(Models models)
{
    [Fact]
    public void Inspect_of_weights_shows_config_tokenizer_provenance_and_sections()
    {
        Command.Run("inspect", models.Shakespeare).Succeeded()
            .Shows("4 layers, 4 heads of 16", "207,296", "characters, 65 tokens", "shakespeare.ckpt", "blocks.3.mlp.down.weight", "not verified");
    }

    [Fact]
    public void Inspect_json_lists_every_section()
    {
        JsonElement json = Command.Run("inspect", models.Shakespeare, "--json", "--check").Succeeded().Json();
        Assert.Equal("weights", json.GetProperty("kind").GetString());
        Assert.Equal(207_296, json.GetProperty("parameters").GetInt64());
        Assert.Equal(65, json.GetProperty("tokenizer").GetProperty("token_count").GetInt32());
        Assert.True(json.GetProperty("checksums_verified").GetBoolean());
        long end = json.GetProperty("sections").EnumerateArray()
            .Max(section => section.GetProperty("offset").GetInt64() + section.GetProperty("length").GetInt64());
        Assert.Equal(json.GetProperty("bytes").GetInt64(), end);
    }

    [Fact]
    public void Inspect_of_a_file_of_several_types_counts_their_matrices()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var forge = new FileForge();
        long rest = forge.Sections.Where(section => section!["shape"]!.AsArray().Count == 2 && (string)section["type"]! == "f32" && (string)section["name"]! != "head.weight")
            .Sum(section => (long)section!["length"]! / sizeof(float));
        forge.SetSection("head.weight", "type", "\"q4\"").SetSection("head.weight", "length", "5400");   // (300, 6): 300 blocks of 18 bytes
        forge.Body = forge.Body[..^(7200 - 5400)];
        File.WriteAllBytes(folder.File("w.bin"), forge.Bytes());
        double perWeight = Math.Round(((4 * rest) + 5400) / (rest + 1800.0), 4);
        CommandResult text = Command.Run("inspect", folder.File("w.bin")).Succeeded();
        text.Shows("of several: 10 f32, 1 q4, ", string.Create(CultureInfo.InvariantCulture, $" {perWeight} bytes a weight\n"));
        JsonElement json = Command.Run("inspect", folder.File("w.bin"), "--json").Succeeded().Json();
        Assert.Equal(perWeight, json.GetProperty("bytes_per_weight").GetDouble());
        Assert.Equal("f32 and q4", json.GetProperty("type").GetString());
        using LanguageModel model = LanguageModel.Open(folder.File("w.bin"), threads: 1);
        Assert.Equal(new WeightOrigin("f32 and q4", IsExact: false, "and the file does not say what the checkpoint had"), WeightOrigin.Of(model));
    }

    [Fact]
    public void Inspect_of_narrowed_weights_says_from_what_before_their_origin()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", models.Shakespeare, folder.File("q8.bin"), "--type", "q8").Succeeded();
        Command.Run("convert", folder.File("q8.bin"), folder.File("q4.bin"), "--type", "q4").Succeeded();
        string output = Command.Run("inspect", folder.File("q4.bin")).Succeeded().Output;
        int narrowed = output.IndexOf("\nnarrowed      f32 to q8, then q8 to q4; ", StringComparison.Ordinal);
        Assert.InRange(narrowed, 0, output.IndexOf("\nfamily ", StringComparison.Ordinal));
        Assert.Equal(1, output.Split("\nnarrowed ").Length - 1);
        JsonElement source = Command.Run("inspect", folder.File("q4.bin"), "--json").Succeeded().Json().GetProperty("source");
        Assert.Equal(["f32 to q8", "q8 to q4"], source.GetProperty("narrowed").EnumerateArray().Select(step => step.GetString()));
        Assert.DoesNotContain("narrowed", Command.Run("inspect", models.Shakespeare).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_of_a_checkpoint_shows_family_config_and_tensors()
    {
        string checkpoint = TestFiles.Fixture("nanogpt_char_nobias/ckpt.pt");
        Command.Run("inspect", checkpoint).Succeeded()
            .Shows("nanoGPT", "3 layers, 4 heads", "transformer.wte.weight", "float32");
        JsonElement json = Command.Run("inspect", checkpoint, "--json").Succeeded().Json();
        Assert.Equal("checkpoint", json.GetProperty("kind").GetString());
        Assert.Equal(64, json.GetProperty("config").GetProperty("context_length").GetInt32());
    }

    [Fact]
    public void Inspect_check_finds_a_flipped_bit()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string damaged = folder.File("damaged.bin");
        byte[] bytes = File.ReadAllBytes(models.Shakespeare);
        bytes[^5] ^= 1;
        File.WriteAllBytes(damaged, bytes);
        Command.Run("inspect", damaged).Succeeded();
        Command.Run("inspect", damaged, "--check").Failed(3, "CRC-32C");
    }

    [Fact]
    public void Inspect_of_something_else_is_exit_code_3_or_4()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("letter.txt"), "Dear model,");
        File.WriteAllBytes(folder.File("empty.bin"), []);
        Command.Run("inspect", folder.File("letter.txt")).Failed(3);
        Command.Run("inspect", folder.File("empty.bin")).Failed(3);
        Command.Run("inspect", folder.File("missing.bin")).Failed(4);
        Command.Run("inspect", folder.FullPath).Failed(3);
    }
}
