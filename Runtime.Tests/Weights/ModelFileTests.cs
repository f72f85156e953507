using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

public sealed class ModelFileTests
{
    public static TheoryData<string> Variants => [.. VariantConfigs.Keys];

    private static Dictionary<string, GptConfig> VariantConfigs { get; } = new()
    {
        ["all biases, untied"] = TinyModels.Config with { HeadBias = true },
        ["no biases, tied"] = TinyModels.Config with
        {
            NormBias = false, QkvBias = false, ProjectionBias = false, MlpUpBias = false, MlpDownBias = false, TiedHead = true,
        },
        ["tied with head bias"] = TinyModels.Config with { TiedHead = true, HeadBias = true },
        ["one layer, one head, one of everything"] = TinyModels.Config with
        {
            VocabSize = 1, ContextLength = 1, EmbeddingDim = 1, LayerCount = 1, HeadCount = 1, KvHeadCount = 1, HeadDim = 1, MlpDim = 1,
        },
        ["twelve layers, squared relu, another epsilon"] = TinyModels.Config with
        {
            LayerCount = 12, Activation = ActivationKind.ReluSquared, NormEpsilon = 1.2345679e-6f,
        },
        ["relu"] = TinyModels.Config with { Activation = ActivationKind.Relu, KvHeadCount = 4 },
        ["RMSNorm, rotary pairs of another base, gated SiLU"] = TinyModels.Config with
        {
            Norm = NormKind.RmsNorm, NormBias = false, Position = PositionKind.RotaryPairs, HeadDim = 8, RotaryBase = 123456.79f,
            Activation = ActivationKind.Silu, GatedMlp = true,
        },
        ["gated without biases"] = TinyModels.Config with { GatedMlp = true, MlpUpBias = false, MlpDownBias = false },
        ["norms without tensors, first but not final, rotary halves"] = TinyModels.Config with
        {
            NormWeight = false, NormBias = false, EmbeddingNorm = true, FinalNorm = false, Position = PositionKind.RotaryHalves, HeadDim = 4,
        },
        ["first and final norm"] = TinyModels.Config with { EmbeddingNorm = true },
        ["norms of a bias alone"] = TinyModels.Config with { NormWeight = false, EmbeddingNorm = true },
        ["gelu tanh"] = TinyModels.Config with { Activation = ActivationKind.GeluTanh, KvHeadCount = 1 },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Open_returns_what_was_written(string variant)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        GptConfig config = VariantConfigs[variant];
        foreach (ElementType type in new[] { ElementType.F32, ElementType.Bf16 })
        {
            using ModelFile model = ModelFile.Open(TinyModels.Write(folder.File($"{type}.bin"), config, seed: 3, type));
            Assert.Equal(config, model.Description.Config);
            Assert.Null(model.Description.Tokenizer);
            Assert.Equal(new GenerationDefaults(), model.Description.Generation);
            Assert.Equal("""{"family":"test","seed":3}""", model.Description.Source.ToJsonString());
            foreach (TensorSpec spec in TensorSpec.For(config))
                AssertWeights(model.File, spec, seed: 3, type);
            model.File.VerifyChecksums();
        }
    }

    [Fact]
    public void Open_returns_the_tokenizer_and_generation_defaults_that_were_written()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        GenerationDefaults generation = new() { StartToken = 2, EndToken = 0 };
        foreach (TokenizerData tokenizer in Tokenizers)
        {
            GptConfig config = TinyModels.Config with { VocabSize = 300 };
            string path = TinyModels.Write(folder.File($"{tokenizer.Kind}.bin"), config, tokenizer: tokenizer, generation: generation);
            using ModelFile model = ModelFile.Open(path);
            TokenizerData found = Assert.IsType<TokenizerData>(model.Description.Tokenizer);
            Assert.Equal(tokenizer.Kind, found.Kind);
            Assert.Equal(tokenizer.TokenCount, found.TokenCount);
            Assert.Equal(tokenizer.TokenOffsets.ToArray(), found.TokenOffsets.ToArray());
            Assert.Equal(tokenizer.TokenBytes.ToArray(), found.TokenBytes.ToArray());
            Assert.Equal(tokenizer.Merges.ToArray(), found.Merges.ToArray());
            Assert.Equal(tokenizer.SpecialTokens.AsEnumerable(), found.SpecialTokens.AsEnumerable());
            Assert.Equal(generation, model.Description.Generation);
        }
    }

    [Fact]
    public void Open_returns_every_generation_default_and_absent_keys_are_none()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        foreach (GenerationDefaults defaults in new GenerationDefaults[]
        {
            new(), new() { Overflow = Overflow.Crop }, new() { Overflow = Overflow.Stop, EndToken = 0 },
            new() { StartToken = 10, StartBeforePrompt = true, EndToken = 10, Overflow = Overflow.Stop },
        })
        {
            using ModelFile model = ModelFile.Open(TinyModels.Write(folder.File("a.bin"), TinyModels.Config, generation: defaults));
            Assert.Equal(defaults, model.Description.Generation);
            Assert.Equal(defaults.Overflow is not null, model.File.Generation.TryGetProperty("overflow", out _));
            Assert.Equal(defaults.StartBeforePrompt, model.File.Generation.TryGetProperty("start_before_prompt", out _));
        }
    }

    [Fact]
    public void Write_check_sees_the_whole_file_and_what_it_throws_keeps_the_old_one()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = TinyModels.Write(folder.File("a.bin"), TinyModels.Config);
        byte[] old = File.ReadAllBytes(path);
        ModelDescription model = new() { Config = TinyModels.Config with { LayerCount = 1 } };
        var error = Assert.Throws<IOException>(() => Write(checkedPath =>
        {
            Assert.NotEqual(path, checkedPath);
            Assert.Equal(folder.FullPath, Path.GetDirectoryName(checkedPath));
            using ModelFile whole = ModelFile.Open(checkedPath);
            whole.File.VerifyChecksums();
            throw new IOException("no");
        }));
        Assert.Equal("no", error.Message);
        Assert.Equal(old, File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.FullPath));
        Write(_ => Assert.Equal(old, File.ReadAllBytes(path)));
        using ModelFile written = ModelFile.Open(path);
        Assert.Equal(1, written.Description.Config.LayerCount);

        void Write(Action<string> check) => ModelFile.Write(
            path, model, ElementType.F32, spec => stream => stream.Write(new byte[spec.Rows * spec.Columns * sizeof(float)]), overwrite: true, check);
    }

    [Fact]
    public void Open_file_without_the_later_keys_means_what_it_meant_before_them()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        FileForge forge = new();
        foreach (string key in new[] { "norm_weight", "embedding_norm", "final_norm", "rotary_base", "mlp_gated" })
            Assert.True(forge.Header["config"]!.AsObject().Remove(key));
        File.WriteAllBytes(folder.File("old.bin"), forge.Bytes());
        using ModelFile model = ModelFile.Open(folder.File("old.bin"));
        Assert.Equal(TinyModels.Config with { VocabSize = 300 }, model.Description.Config);
    }

    [Fact]
    public void Open_the_demo_model_of_before_the_later_keys()
    {
        using ModelFile model = ModelFile.Open(Path.Combine(TestFiles.Root, "weights", "demo.bin"));
        Assert.False(model.File.Config.TryGetProperty("norm_weight", out _));
        Assert.Equal(
            (NormKind.LayerNorm, true, PositionKind.Learned, false, true, false),
            (model.Description.Config.Norm, model.Description.Config.NormWeight, model.Description.Config.Position,
                model.Description.Config.EmbeddingNorm, model.Description.Config.FinalNorm, model.Description.Config.GatedMlp));
    }

    [Fact]
    public void Write_of_what_was_opened_gives_the_same_bytes()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        foreach (ElementType type in new[] { ElementType.F32, ElementType.Bf16 })
        {
            string path = TinyModels.Write(
                folder.File("first.bin"), TinyModels.Config with { VocabSize = 300 }, seed: 5, type, TinyModels.Bpe());
            using ModelFile model = ModelFile.Open(path);
            string again = folder.File("again.bin");
            ModelFile.Write(again, model.Description, type, spec => stream => Copy(model.File, spec, stream), overwrite: true);
            Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(again));
        }
    }

    [Fact]
    public void Write_takes_matrices_of_one_type_and_vectors_of_float32()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using ModelFile model = ModelFile.Open(TinyModels.Write(folder.File("a.bin"), TinyModels.Config, matrixType: ElementType.Bf16));
        foreach (TensorSpec spec in TensorSpec.For(TinyModels.Config))
        {
            SectionInfo section = model.File.Sections.Single(section => section.Name == spec.Name);
            Assert.Equal(spec.IsMatrix ? ElementType.Bf16 : ElementType.F32, section.Type);
            Assert.Equal(spec.IsMatrix ? [spec.Rows, spec.Columns] : [spec.Columns], section.Shape);
        }
    }

    [Fact]
    public void Open_reads_matrices_of_mixed_types()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using ModelFile f32 = ModelFile.Open(TinyModels.Write(folder.File("f32.bin"), TinyModels.Config));
        JsonObject header = new()
        {
            ["config"] = JsonObject.Create(f32.File.Config),
            ["tokenizer"] = null,
            ["generation"] = JsonObject.Create(f32.File.Generation),
            ["source"] = new JsonObject(),
        };
        IEnumerable<SectionSource> sections = TensorSpec.For(TinyModels.Config).Select(spec =>
        {
            long[] shape = spec.IsMatrix ? [spec.Rows, spec.Columns] : [spec.Columns];
            return spec.Name == "blocks.1.mlp.up.weight"
                ? new SectionSource(spec.Name, ElementType.Bf16, shape, stream => stream.Write(new byte[spec.Rows * spec.Columns * 2]))
                : new SectionSource(spec.Name, ElementType.F32, shape, stream => Copy(f32.File, spec, stream));
        });
        WeightsWriter.Write(folder.File("mixed.bin"), header, [.. sections], overwrite: false);

        using ModelFile mixed = ModelFile.Open(folder.File("mixed.bin"));
        Assert.Equal(ElementType.Bf16, mixed.Weights.Blocks[1].MlpUp.Matrix.Type);
        Assert.Equal(ElementType.F32, mixed.Weights.Blocks[0].MlpUp.Matrix.Type);
    }

    [Fact]
    public void Open_source_with_as_many_tokens_as_a_header_may_have_stays_small()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        FileForge forge = new(room: 3 << 20);
        string path = folder.File("long.bin");
        File.WriteAllBytes(path, forge.Bytes(json => FileForge.ReplaceOnce(
            json, "\"seed\":1", $"\"seed\":[0{string.Concat(Enumerable.Repeat(",0", 1_040_000))}]")));
        long before = GC.GetAllocatedBytesForCurrentThread();
        ModelFile.Open(path).Dispose();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    public static TheoryData<string> BadDescriptions => [.. BadModels.Keys];

    private static Dictionary<string, Func<ModelDescription, ModelDescription>> BadModels { get; } = new()
    {
        ["no layers"] = model => model with { Config = model.Config with { LayerCount = 0 } },
        ["heads that do not share evenly"] = model => model with { Config = model.Config with { KvHeadCount = 3 } },
        ["more tokens than the vocabulary"] = model => model with { Config = model.Config with { VocabSize = 258 } },
        ["a start token outside the vocabulary"] = model => model with { Generation = new() { StartToken = 300 } },
        ["a negative end token"] = model => model with { Generation = new() { EndToken = -1 } },
        ["a start token before prompts, and none to put there"] = model => model with { Generation = new() { StartBeforePrompt = true } },
        ["offsets of another length"] = model => model with { Tokenizer = model.Tokenizer! with { TokenCount = 258 } },
        ["bytes of another length"] = model => model with { Tokenizer = model.Tokenizer! with { TokenBytes = new byte[3] } },
        ["merges of a character tokenizer"] = model => model with { Tokenizer = model.Tokenizer! with { Kind = TokenizerKind.Characters } },
        ["half a merge"] = model => model with { Tokenizer = model.Tokenizer! with { Merges = new byte[6] } },
        ["a special token outside the tokens"] = model => model with
        {
            Tokenizer = model.Tokenizer! with { SpecialTokens = new Dictionary<string, int> { ["x"] = 259 } },
        },
    };

    [Theory]
    [MemberData(nameof(BadDescriptions))]
    public void Write_description_that_contradicts_itself_is_refused(string cause)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        ModelDescription good = new() { Config = TinyModels.Config with { VocabSize = 300 }, Tokenizer = TinyModels.Bpe() };
        Assert.Throws<ArgumentException>(() => ModelFile.Write(
            folder.File("a.bin"), BadModels[cause](good), ElementType.F32, _ => throw new TimeoutException(), overwrite: true));
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public void Write_matrices_of_a_type_for_tables_is_refused()
    {
        ModelDescription model = new() { Config = TinyModels.Config };
        Assert.Throws<ArgumentException>(() => ModelFile.Write("a.bin", model, ElementType.U8, _ => _ => { }, overwrite: true));
    }

    private static TokenizerData[] Tokenizers =>
    [
        TinyModels.Characters("\n abc\u00E9\u4E2D\U0001F600"),
        TinyModels.Bpe(),
        TinyModels.Bpe() with { Merges = default, SpecialTokens = new Dictionary<string, int>() },
        TinyModels.Tokens(TokenizerKind.Words, ["the"u8.ToArray(), "cat"u8.ToArray(), []]),
    ];

    private static unsafe void Copy(WeightsFile file, TensorSpec spec, Stream stream)
    {
        TensorView view = spec.IsMatrix ? file.Tensor(spec.Name, spec.Rows, spec.Columns) : file.Vector(spec.Name, spec.Columns);
        stream.Write(new ReadOnlySpan<byte>(view.Data, (int)view.ByteLength));
        GC.KeepAlive(file);
    }

    private static unsafe void AssertWeights(WeightsFile file, TensorSpec spec, int seed, ElementType type)
    {
        TensorView view = spec.IsMatrix ? file.Tensor(spec.Name, spec.Rows, spec.Columns) : file.Vector(spec.Name, spec.Columns);
        Assert.Equal(spec.Name, view.Name);
        Assert.Equal(spec.IsMatrix ? type : ElementType.F32, view.Type);
        Assert.Equal((spec.Rows, spec.Columns), (view.Rows, view.Columns));
        Assert.Equal(0u, (nuint)view.Data % 64);
        ReadOnlySpan<byte> bytes = new(view.Data, (int)view.ByteLength);
        float[] expected = TinyModels.Values(spec, seed);
        if (view.Type == ElementType.F32)
            Assert.Equal(expected, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        else
            Assert.Equal(expected.Select(TinyModels.ToBf16), MemoryMarshal.Cast<byte, ushort>(bytes).ToArray());
        GC.KeepAlive(file);
    }
}
