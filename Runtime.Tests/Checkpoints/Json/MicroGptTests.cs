using System.Text.Json.Nodes;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints.Json;

/// <summary>microgpt's models, which are JSON.</summary>
public class MicroGptTests
{
    [Theory]
    [MemberData(nameof(HostileMicroGpt.Names), MemberType = typeof(HostileMicroGpt))]
    public void Convert_refuses_a_hostile_model(string name)
    {
        (string file, string reason) = HostileMicroGpt.Make(name);
        Assert.Contains(reason, Refuse(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_refuses_a_model_cut_at_any_byte()
    {
        string whole = HostileMicroGpt.Valid().ToJsonString();
        for (int length = 0; length < whole.Length; length += length < 80 || length > whole.Length - 80 ? 1 : 23)
            Refuse(whole[..length]);
    }

    [Theory]
    [InlineData("microgpt_relu", ActivationKind.Relu, 16)]
    [InlineData("microgpt_relu2", ActivationKind.ReluSquared, 8)]
    public void Convert_reads_the_fixtures_number_for_number(string fixture, ActivationKind activation, int context)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = TestFiles.Fixture($"{fixture}/microgpt.json");

        GptConfig config = Converter.Convert(path, folder.File("w.bin"), new ConvertOptions()).Config;

        Assert.Equal((27, context, 16, 1, 4, 64), (config.VocabSize, config.ContextLength, config.EmbeddingDim, config.LayerCount, config.HeadCount, config.MlpDim));
        Assert.Equal((NormKind.RmsNorm, false, true, false, activation, false),
            (config.Norm, config.NormWeight, config.EmbeddingNorm, config.FinalNorm, config.Activation, config.TiedHead));
        using ModelFile model = ModelFile.Open(folder.File("w.bin"));
        Dictionary<string, uint[]> tensors = Conversion.Tensors(model);
        JsonObject state = JsonNode.Parse(File.ReadAllText(path))!["state_dict"]!.AsObject();
        (string Ours, string[] Theirs)[] names =
        [
            ("token_embedding", ["wte"]), ("position_embedding", ["wpe"]), ("head.weight", ["lm_head"]),
            ("blocks.0.attention.qkv.weight", ["layer0.attn_wq", "layer0.attn_wk", "layer0.attn_wv"]),
            ("blocks.0.attention.projection.weight", ["layer0.attn_wo"]),
            ("blocks.0.mlp.up.weight", ["layer0.mlp_fc1"]), ("blocks.0.mlp.down.weight", ["layer0.mlp_fc2"]),
        ];
        Assert.Equal(names.Length, tensors.Count);
        Assert.All(names, pair => Assert.Equal(
            pair.Theirs.SelectMany(name => state[name]!.AsArray()).SelectMany(row => row!.AsArray()).Select(number => (float)number!.GetValue<double>()),
            tensors[pair.Ours].Select(BitConverter.UInt32BitsToSingle)));
    }

    [Fact]
    public void Convert_keeps_how_microgpt_begins_and_ends_a_name()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Converter.Convert(TestFiles.Fixture("microgpt_relu/microgpt.json"), folder.File("w.bin"), new ConvertOptions());

        using ModelFile model = ModelFile.Open(folder.File("w.bin"));

        Assert.Equal(new GenerationDefaults { StartToken = 26, StartBeforePrompt = true, EndToken = 26, Overflow = Overflow.Stop },
            model.Description.Generation);
        ITokenizer tokenizer = TokenizerFactory.Create(model.Description.Tokenizer!);
        Assert.Equal(27, tokenizer.VocabSize);
        Assert.Equal([4, 12, 12, 0], tokenizer.Encode("emma"));
        Assert.Equal(0, tokenizer.TokenBytes(26).Length);
    }

    [Fact]
    public void Convert_puts_BOS_where_it_is()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        JsonObject file = HostileMicroGpt.Valid();
        file["bos"] = 1;
        File.WriteAllText(folder.File("m.json"), file.ToJsonString());
        Converter.Convert(folder.File("m.json"), folder.File("w.bin"), new ConvertOptions());

        using ModelFile model = ModelFile.Open(folder.File("w.bin"));

        Assert.Equal([0, 2, 3, 4], TokenizerFactory.Create(model.Description.Tokenizer!).Encode("abcd"));
    }

    [Fact]
    public void Convert_takes_from_shapes_what_the_config_does_not_say()
    {
        JsonObject file = HostileMicroGpt.Valid();
        file["config"] = new JsonObject { ["n_head"] = 2 };
        file.Remove("bos");

        (ConversionReport report, ModelDescription model) = Convert(file);

        Assert.Equal((2, 4, 3, 5), (model.Config.LayerCount, model.Config.EmbeddingDim, model.Config.ContextLength, model.Config.VocabSize));
        Assert.Equal(4, model.Generation.StartToken);
        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("BOS is the token 4", StringComparison.Ordinal));
        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("activation relu", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_asks_for_the_heads_when_nothing_says_them()
    {
        JsonObject file = HostileMicroGpt.Valid();
        file.Remove("config");

        Assert.Equal("--heads", Assert.Throws<MissingOptionException>(() => Convert(file)).Option);
        Assert.Equal(2, Convert(file, new ConvertOptions { Heads = 2 }).Model.Config.HeadCount);
    }

    [Fact]
    public void Convert_takes_characters_in_one_string_as_a_list_of_them()
    {
        JsonObject file = HostileMicroGpt.Valid();
        file["uchars"] = "abcd";

        Assert.Contains("vocabulary: 4 characters from uchars, and BOS without a text as token 4", Convert(file).Report.Of(ReportKind.Found));
    }

    [Fact]
    public void Convert_a_file_without_characters_takes_and_gives_ids()
    {
        JsonObject file = HostileMicroGpt.Valid();
        file.Remove("uchars");

        ModelDescription model = Convert(file).Model;

        Assert.Null(model.Tokenizer);
        Assert.Equal(4, model.Generation.EndToken);
    }

    private static (ConversionReport Report, ModelDescription Model) Convert(JsonObject file, ConvertOptions? options = null)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("m.json"), file.ToJsonString());
        ConversionReport report = Converter.Convert(folder.File("m.json"), folder.File("w.bin"), options ?? new ConvertOptions());
        using ModelFile model = ModelFile.Open(folder.File("w.bin"));
        return (report, model.Description);
    }

    private static string Refuse(string json)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("m.json"), json);
        return Conversion.Refuse(folder.File("m.json"));
    }
}
