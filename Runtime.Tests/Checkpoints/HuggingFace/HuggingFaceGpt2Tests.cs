using System.Buffers.Binary;
using System.Text.Json;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

public class HuggingFaceGpt2Tests
{
    [Theory]
    [MemberData(nameof(HostileHuggingFace.Names), MemberType = typeof(HostileHuggingFace))]
    public void Convert_refuses_a_model_that_contradicts_itself(string name)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        (TinyHuggingFace model, string reason) = HostileHuggingFace.Make(name);
        model.Write(folder);
        Assert.Contains(reason, Conversion.Refuse(folder.FullPath), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(HostileHuggingFace.ConfigNames), MemberType = typeof(HostileHuggingFace))]
    public void Convert_refuses_a_damaged_config(string name)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        (byte[] config, string reason) = HostileHuggingFace.MakeConfig(name);
        new TinyHuggingFace().Write(folder);
        File.WriteAllBytes(folder.File("config.json"), config);
        Assert.Contains(reason, Conversion.Refuse(folder.FullPath), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("transformer.")]
    [InlineData("module.transformer.")]
    public void Convert_transposes_the_matrices_of_blocks_and_nothing_else(string prefix)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var tiny = new TinyHuggingFace(prefix);
        tiny.Write(folder);

        Dictionary<string, uint[]> tensors = Tensors(folder, out ConversionReport report);

        Assert.Equal("Hugging Face GPT-2", report.Family);
        Assert.Contains($"{prefix}h.N.attn.c_attn.weight [4, 12] as [12, 4] x 2 -> blocks.N.attention.qkv.weight", report.Of(ReportKind.Placed));
        Assert.Equal(Numbers(tiny[prefix + "wte.weight"]!), tensors["token_embedding"]);
        Assert.Equal(Numbers(tiny[prefix + "h.1.mlp.c_fc.bias"]!), tensors["blocks.1.mlp.up.bias"]);
        Assert.Equal(Transposed(tiny[prefix + "h.1.attn.c_attn.weight"]!), tensors["blocks.1.attention.qkv.weight"]);
        Assert.Equal(Transposed(tiny[prefix + "h.0.attn.c_proj.weight"]!), tensors["blocks.0.attention.projection.weight"]);
        Assert.Equal(Transposed(tiny[prefix + "h.0.mlp.c_fc.weight"]!), tensors["blocks.0.mlp.up.weight"]);
        Assert.Equal(Transposed(tiny[prefix + "h.0.mlp.c_proj.weight"]!), tensors["blocks.0.mlp.down.weight"]);
    }

    [Fact]
    public void Convert_gives_the_same_model_from_every_container()
    {
        using TemporaryFolder one = TestFiles.NewFolder(), torch = TestFiles.NewFolder(), shards = TestFiles.NewFolder(), bins = TestFiles.NewFolder();
        var tiny = new TinyHuggingFace();
        tiny.Write(one);
        tiny.WritePyTorch(torch);
        tiny.WriteShards(shards);
        tiny.WriteShards(bins, "pytorch_model", "bin");

        Dictionary<string, uint[]> expected = Tensors(one, out _);

        foreach ((TemporaryFolder folder, string container) in new[]
        {
            (torch, "PyTorch zip"), (shards, "safetensors in 2 shards"), (bins, "PyTorch zip in 2 shards"),
        })
        {
            Dictionary<string, uint[]> tensors = Tensors(folder, out ConversionReport report);
            Assert.Equal(container, report.Container);
            Assert.Equal(expected.Keys, tensors.Keys);
            Assert.All(expected, tensor => Assert.Equal(tensor.Value, tensors[tensor.Key]));
        }
    }

    [Fact]
    public void Convert_takes_sizes_variants_and_tokens_from_the_config()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        new TinyHuggingFace().With("n_head", 4).With("activation_function", "relu").With("layer_norm_epsilon", 1e-6)
            .With("tie_word_embeddings", true).With("reorder_and_upcast_attn", true).With("made_up", 1).Write(folder);

        using ModelFile model = Open(folder, new ConvertOptions(), out ConversionReport report);

        Assert.Equal((4, ActivationKind.Relu, 1e-6f, true, 3),
            (report.Config.HeadCount, report.Config.Activation, report.Config.NormEpsilon, report.Config.TiedHead, report.Config.ContextLength));
        Assert.Equal((4, 3), (model.Description.Generation.StartToken, model.Description.Generation.EndToken));
        Assert.Contains(report.Of(ReportKind.Warning), line => line.Contains("1 field that convert does not know and ignores: 'made_up'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("5")]
    [InlineData("-1")]
    [InlineData("[4]")]
    [InlineData("null")]
    public void Convert_warns_of_a_token_that_the_model_does_not_have(string json)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        new TinyHuggingFace().With("bos_token_id", System.Text.Json.Nodes.JsonNode.Parse(json)).Write(folder);

        using ModelFile model = Open(folder, new ConvertOptions(), out ConversionReport report);

        Assert.Null(model.Description.Generation.StartToken);
        Assert.Equal(json == "null" ? 0 : 1, report.Of(ReportKind.Warning).Count(line => line.Contains("bos_token_id", StringComparison.Ordinal)));
    }

    [Fact]
    public void Convert_keeps_an_untied_head()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        TestTensor head = TestTensor.Random(99, 5, 4);
        new TinyHuggingFace("transformer.").With("tie_word_embeddings", false).But(m => m["lm_head.weight"] = head).Write(folder);
        Assert.Equal(Numbers(head), Tensors(folder, out _)["head.weight"]);
    }

    [Fact]
    public void Convert_without_a_config_asks_for_the_heads()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        new TinyHuggingFace { Config = null }.Write(folder);

        var error = Assert.Throws<MissingOptionException>(
            () => Converter.Convert(folder.FullPath, folder.File("w.bin"), new ConvertOptions()));
        Assert.Equal("--heads", error.Option);

        using ModelFile model = Open(folder, new ConvertOptions { Heads = 2 }, out ConversionReport report);
        Assert.Equal(ActivationKind.GeluTanh, report.Config.Activation);
        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("activation gelu-tanh: gelu_new is GPT2Config's default", StringComparison.Ordinal));
        Assert.Null(model.Description.Generation.StartToken);
    }

    [Fact]
    public void Convert_without_a_config_knows_the_heads_of_the_published_widths()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var tiny = new TinyHuggingFace { Config = null };
        tiny.State.RemoveAll(entry => entry.Name.StartsWith("h.1.", StringComparison.Ordinal));
        foreach ((string name, TestTensor tensor) in tiny.State.ToArray())
            tiny[name] = Zeros([.. tensor.Shape.Select(size => size switch { 4 => 768L, 12 => 2304, 16 => 3072, _ => size })]);
        tiny.Write(folder);

        using ModelFile model = Open(folder, new ConvertOptions(), out ConversionReport report);

        Assert.Equal(12, report.Config.HeadCount);
        Assert.Contains(report.Of(ReportKind.Assumed), line => line.StartsWith("12 heads: GPT-2's model of width 768", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("hf_gpt2_char_bf16", "model.safetensors")]
    public void Convert_a_committed_fixture_bit_for_bit(string name, string file) => CheckFixture(TestFiles.Fixture(name), file);

    [SharedTheory]
    [InlineData("hf_gpt2_char", "model.safetensors")]
    [InlineData("hf_gpt2_char", "model_noprefix_with_attn_bias.safetensors")]
    [InlineData("hf_gpt2_char_f16", "model.safetensors")]
    [InlineData("hf_gpt2_vocab50257_f16", "model.safetensors")]
    public void Convert_a_shared_fixture_bit_for_bit(string name, string file) => CheckFixture(TestFiles.SharedFile($"fixtures/{name}"), file);

    private static void CheckFixture(string fixture, string file)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = Path.Combine(fixture, file);
        ConversionReport report = Converter.Convert(path, folder.File("w.bin"), new ConvertOptions());
        using ModelFile model = ModelFile.Open(folder.File("w.bin"));
        Dictionary<string, uint[]> tensors = Conversion.Tensors(model);

        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(Path.Combine(fixture, "config.json")));
        Assert.Equal(config.RootElement.GetProperty("n_head").GetInt32(), report.Config.HeadCount);
        Assert.Equal(config.RootElement.GetProperty("n_layer").GetInt32(), report.Config.LayerCount);
        Assert.Equal(ActivationKind.GeluTanh, report.Config.Activation);
        Assert.True(report.Config.TiedHead);
        int weights = 0;
        foreach ((string name, uint[] bits) in ReadFile(path).Where(tensor => !tensor.Key.EndsWith(".attn.bias", StringComparison.Ordinal)))
        {
            Assert.Equal(bits, tensors[Renamed(name)]);
            weights++;
        }
        Assert.Equal(tensors.Count, weights);
    }

    // A reader of its own: the header by JsonDocument, every number widened one by one, matrices of blocks transposed.
    private static Dictionary<string, uint[]> ReadFile(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int start = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        using JsonDocument header = JsonDocument.Parse(bytes.AsMemory(8, start - 8));
        var tensors = new Dictionary<string, uint[]>();
        foreach (JsonProperty tensor in header.RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__"))
        {
            int[] place = [.. tensor.Value.GetProperty("data_offsets").EnumerateArray().Select(offset => start + offset.GetInt32())];
            int[] shape = [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];
            uint[] bits = Widen(tensor.Value.GetProperty("dtype").GetString()!, bytes[place[0]..place[1]]);
            tensors[tensor.Name] = shape.Length == 2 && tensor.Name.Contains("h.", StringComparison.Ordinal)
                ? Transposed(bits, shape[0], shape[1]) : bits;
        }
        return tensors;
    }

    private static uint[] Widen(string type, byte[] bytes) => type switch
    {
        "F32" => [.. bytes.Chunk(4).Select(number => BitConverter.ToUInt32(number))],
        "BF16" => [.. bytes.Chunk(2).Select(number => (uint)BitConverter.ToUInt16(number) << 16)],
        "F16" => [.. bytes.Chunk(2).Select(number => BitConverter.SingleToUInt32Bits((float)BitConverter.ToHalf(number)))],
        _ => throw new InvalidOperationException(type),
    };

    private static string Renamed(string name) => name.Replace("transformer.", "", StringComparison.Ordinal)
        .Replace("wte.weight", "token_embedding", StringComparison.Ordinal).Replace("wpe.weight", "position_embedding", StringComparison.Ordinal)
        .Replace("ln_f", "final_norm", StringComparison.Ordinal).Replace("h.", "blocks.", StringComparison.Ordinal)
        .Replace("ln_1", "attention_norm", StringComparison.Ordinal).Replace("ln_2", "mlp_norm", StringComparison.Ordinal)
        .Replace("attn.c_attn", "attention.qkv", StringComparison.Ordinal).Replace("attn.c_proj", "attention.projection", StringComparison.Ordinal)
        .Replace("mlp.c_fc", "mlp.up", StringComparison.Ordinal).Replace("mlp.c_proj", "mlp.down", StringComparison.Ordinal);

    private static TestTensor Zeros(long[] shape) =>
        new() { Data = new byte[shape.Aggregate(1L, (product, size) => product * size) * sizeof(float)], Shape = shape };

    private static ModelFile Open(TemporaryFolder folder, ConvertOptions options, out ConversionReport report)
    {
        report = Converter.Convert(folder.FullPath, folder.File("weights.out"), options);
        return ModelFile.Open(folder.File("weights.out"));
    }

    private static Dictionary<string, uint[]> Tensors(TemporaryFolder folder, out ConversionReport report)
    {
        using ModelFile model = Open(folder, new ConvertOptions(), out report);
        return Conversion.Tensors(model);
    }

    private static uint[] Numbers(TestTensor tensor) => [.. tensor.Data.Chunk(4).Select(number => BitConverter.ToUInt32(number))];

    private static uint[] Transposed(TestTensor tensor) => Transposed(Numbers(tensor), (int)tensor.Shape[0], (int)tensor.Shape[1]);

    private static uint[] Transposed(uint[] bits, int rows, int columns) =>
        [.. Enumerable.Range(0, columns).SelectMany(column => Enumerable.Range(0, rows).Select(row => bits[(row * columns) + column]))];
}
