using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Real checkpoints: the config against <c>expected.json</c>, the numbers bit for bit against the archive.</summary>
public class FixtureConversionTests
{
    [Theory]
    [InlineData("mygpt_ch15_bare_state_dict", "trained_gpt.pt", "myGPT", 2)]
    [InlineData("mygpt_ch18_old_config", "ch18.ckpt", "myGPT", null)]
    [InlineData("mygpt_final_shakespeare", "shakespeare.ckpt", "myGPT", null)]
    [InlineData("nanogpt_char_nobias", "ckpt.pt", "nanoGPT", null)]
    public void Convert_committed_fixture(string name, string file, string family, int? heads) =>
        Check(TestFiles.Fixture(name), file, family, new ConvertOptions { Heads = heads });

    [SharedTheory]
    [InlineData("nanogpt_char_bias_compiled", "nanoGPT", null)]
    [InlineData("nanogpt_gpt2vocab", "nanoGPT", null)]
    [InlineData("gpt104_tied", "GPT10.4", null)]
    [InlineData("gpt104_untied_othernames", "GPT10.4", ActivationKind.GeluErf)]
    public void Convert_shared_fixture(string name, string family, ActivationKind? activation) =>
        Check(TestFiles.SharedFile($"fixtures/{name}"), "ckpt.pt", family, new ConvertOptions { Activation = activation });

    [SharedFact]
    public void Convert_the_demo_model_takes_the_activation_from_the_file()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        ConversionReport report = Converter.Convert(TestFiles.SharedFile("demo/ckpt.pt"), folder.File("weights.bin"), new ConvertOptions());

        Assert.Equal(ActivationKind.GeluTanh, report.Config.Activation);
        Assert.Contains(report.Of(ReportKind.Found), line => line.Contains("the checkpoint says 'gelu_tanh'", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_reports_what_it_left_out_of_a_nanoGPT_checkpoint()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        ConversionReport report = Converter.Convert(
            TestFiles.Fixture("nanogpt_char_nobias/ckpt.pt"), folder.File("weights.bin"), new ConvertOptions());

        string[] leftOut = report.Of(ReportKind.LeftOut);
        Assert.Contains(leftOut, line => line.Contains("'lm_head.weight' and 'transformer.wte.weight' are one tensor",
            StringComparison.Ordinal));
        Assert.Contains(leftOut, line => line.StartsWith("3 masks (h.N.attn.bias)", StringComparison.Ordinal));
        Assert.Contains(leftOut, line => line.StartsWith("'optimizer': 63 tensors", StringComparison.Ordinal));
        Assert.Contains(leftOut, line => line.Contains("'iter_num', 'best_val_loss', 'config'", StringComparison.Ordinal));
        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("activation gelu-erf", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("mygpt_ch18_old_config/ch18.ckpt")]
    [InlineData("mygpt_final_shakespeare/shakespeare.ckpt")]
    [InlineData("nanogpt_char_nobias/ckpt.pt")]
    public void Convert_keeps_the_characters(string file)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Converter.Convert(TestFiles.Fixture(file), folder.File("weights.bin"), new ConvertOptions());
        using ModelFile model = ModelFile.Open(folder.File("weights.bin"));

        ITokenizer tokenizer = TokenizerFactory.Create(model.Description.Tokenizer!);

        Assert.Equal([0, 1, 2, 13, 39, 64], tokenizer.Encode("\n !Aaz"));
    }

    [SharedTheory]
    [InlineData("nanogpt_gpt2vocab")]
    [InlineData("gpt104_tied")]
    public void Convert_a_model_of_its_size_gets_the_vocabulary_of_GPT2(string name)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Converter.Convert(TestFiles.SharedFile($"fixtures/{name}/ckpt.pt"), folder.File("weights.bin"), new ConvertOptions());
        using ModelFile model = ModelFile.Open(folder.File("weights.bin"));

        ITokenizer tokenizer = TokenizerFactory.Create(model.Description.Tokenizer!);

        Assert.Equal([37573, 4673, 318], tokenizer.Encode("Machine learning is"));
        Assert.Equal(50257, tokenizer.VocabSize);
    }

    private static void Check(string fixture, string file, string family, ConvertOptions options)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string checkpoint = Path.Combine(fixture, file);

        ConversionReport report = Converter.Convert(checkpoint, folder.File("weights.bin"), options);

        Assert.Equal(family, report.Family);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllText(Path.Combine(fixture, "expected.json")));
        CheckConfig(expected.RootElement.GetProperty("model"), report.Config);
        using ModelFile model = ModelFile.Open(folder.File("weights.bin"));
        Assert.Equal(report.Config, model.Description.Config);
        model.File.VerifyChecksums();
        CheckTensors(checkpoint, expected.RootElement, Conversion.Tensors(model));
    }

    private static void CheckConfig(JsonElement expected, GptConfig config)
    {
        Assert.Equal(expected.GetProperty("vocab_size").GetInt32(), config.VocabSize);
        Assert.Equal(expected.GetProperty("context_length").GetInt32(), config.ContextLength);
        Assert.Equal(expected.GetProperty("n_layers").GetInt32(), config.LayerCount);
        Assert.Equal(expected.GetProperty("n_heads").GetInt32(), config.HeadCount);
        Assert.Equal(expected.GetProperty("n_kv_heads").GetInt32(), config.KvHeadCount);
        Assert.Equal(expected.GetProperty("d_model").GetInt32(), config.EmbeddingDim);
        Assert.Equal(expected.GetProperty("d_ff").GetInt32(), config.MlpDim);
        Assert.Equal(expected.GetProperty("norm_eps").GetSingle(), config.NormEpsilon);
        Assert.Equal(expected.GetProperty("tied_head").GetBoolean(), config.TiedHead);
        Assert.Equal(expected.GetProperty("attention_bias").GetBoolean(), config.QkvBias);
        Assert.Equal(expected.GetProperty("attention_bias").GetBoolean(), config.ProjectionBias);
        Assert.Equal(expected.GetProperty("mlp_bias").GetBoolean(), config.MlpUpBias);
        Assert.Equal(expected.GetProperty("mlp_bias").GetBoolean(), config.MlpDownBias);
        Assert.Equal(!expected.TryGetProperty("norm_bias", out JsonElement normBias) || normBias.GetBoolean(), config.NormBias);
        bool erf = expected.GetProperty("activation").GetString() == "gelu_erf";
        Assert.Equal(erf ? ActivationKind.GeluErf : ActivationKind.GeluTanh, config.Activation);
    }

    // torch.save numbers storages in the order in which it meets them, which is that of the state dict.
    private static void CheckTensors(string checkpoint, JsonElement expected, Dictionary<string, uint[]> converted)
    {
        string[] names = expected.TryGetProperty("state_dict", out JsonElement state)
            ? [.. state.EnumerateObject().Select(tensor => tensor.Name.Replace("_orig_mod.", "", StringComparison.Ordinal))]
            : BareNames;
        using ZipArchive archive = ZipFile.OpenRead(checkpoint);
        foreach ((string name, uint[] bits) in converted)
        {
            uint[] parts = [.. CheckpointNames(name, names).SelectMany(part => ReadStorage(archive, Array.IndexOf(names, part)))];
            Assert.True(parts.AsSpan().SequenceEqual(bits), name);
        }
    }

    private static uint[] ReadStorage(ZipArchive archive, int key)
    {
        using Stream stream = archive.Entries.Single(entry => entry.FullName.EndsWith($"/data/{key}", StringComparison.Ordinal)).Open();
        var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return MemoryMarshal.Cast<byte, uint>(bytes.ToArray()).ToArray();
    }

    private static readonly string[] BareNames =
    [
        "token_embedding.embedding.weight", "position_embedding.weight",
        .. Enumerable.Range(0, 2).SelectMany(layer => new[]
        {
            "ln1.weight", "ln1.bias", "mha.causal_mask", "mha.W_Q.weight", "mha.W_K.weight", "mha.W_V.weight", "mha.W_O.weight",
            "ln2.weight", "ln2.bias", "mlp.fc1.weight", "mlp.fc1.bias", "mlp.fc2.weight", "mlp.fc2.bias",
        }.Select(part => $"blocks.{layer}.{part}")),
        "ln_f.weight", "ln_f.bias",
    ];

    /// <summary>The checkpoint tensors that one tensor of weights.bin is made of, by a table that is not the converter's.</summary>
    private static string[] CheckpointNames(string name, string[] known)
    {
        string suffix = name[(name.LastIndexOf('.') + 1)..];
        (string Ours, string[][] Theirs)[] table =
        [
            ("attention_norm", [["ln_1"], ["ln1"]]),
            ("attention.qkv", [["attn.c_attn"], ["mha.W_Q", "mha.W_K", "mha.W_V"]]),
            ("attention.projection", [["attn.c_proj"], ["mha.W_O"]]),
            ("mlp_norm", [["ln_2"], ["ln2"]]),
            ("mlp.up", [["mlp.c_fc"], ["mlp.fc1"], ["ffn.c_fc"]]),
            ("mlp.down", [["mlp.c_proj"], ["mlp.fc2"], ["ffn.c_proj"]]),
            ("token_embedding", [["transformer.wte.weight"], ["wte.weight"], ["tok_emb.weight"], ["token_embedding.embedding.weight"]]),
            ("position_embedding", [["transformer.wpe.weight"], ["wpe.weight"], ["pos_emb.weight"], ["position_embedding.weight"]]),
            ("final_norm", [[$"transformer.ln_f.{suffix}"], [$"ln_f.{suffix}"]]),
            ("head", [["lm_head.weight"]]),
        ];
        string[] path = name.Split('.');
        string part = path[0] == "blocks" ? string.Join('.', path[2..^1]) : path[0];
        string[][] candidates = table.Single(row => row.Ours == part).Theirs;
        if (path[0] == "blocks")
        {
            candidates = [.. new[] { "transformer.h", "h", "blocks" }.SelectMany(_ => candidates,
                (blocks, parts) => parts.Select(theirs => $"{blocks}.{path[1]}.{theirs}.{suffix}").ToArray())];
        }
        return candidates.Single(parts => parts.All(known.Contains));
    }
}
