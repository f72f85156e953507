using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Fuzzing.Readers;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>What families make of names, configs and options.</summary>
public class FamilyTests
{
    [Theory]
    [InlineData("_orig_mod.")]
    [InlineData("module.")]
    [InlineData("module._orig_mod.")]
    public void Convert_removes_what_wrappers_put_before_names(string prefix)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, new TinyCheckpoint(prefix).ToArray());
        using (model)
        {
            Assert.Contains(report.Of(ReportKind.Found), line => line.StartsWith($"names begin with '{prefix}'", StringComparison.Ordinal));
            Assert.True(model.Description.Config.TiedHead);
        }
    }

    [Fact]
    public void Convert_names_a_missing_tensor_with_its_prefix() =>
        Assert.Contains("tensor '_orig_mod.transformer.h.1.ln_2.weight' is missing",
            Conversion.Refuse(new TinyCheckpoint("_orig_mod.").But(c => c["_orig_mod.transformer.h.1.ln_2.weight"] = null).ToArray()),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("query")]
    [InlineData("key")]
    public void Convert_names_a_missing_matrix_of_the_first_head(string matrix)
    {
        List<(object Name, object? Tensor)> state = StateSeeds.Lecture();
        state.RemoveAll(pair => pair.Name.Equals($"blocks.0.sa.heads.0.{matrix}.weight"));

        Assert.Contains($"tensor 'blocks.0.sa.heads.0.{matrix}.weight' is missing",
            Conversion.Refuse(TinyCheckpoint.Archive(state.Select(pair => (pair.Name, pair.Tensor)).ToList())), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_ties_a_head_that_is_a_copy()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint()
            .But(c => c["lm_head.weight"] = c["lm_head.weight"]! with { Data = [.. c["lm_head.weight"]!.Data] }).ToArray();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint);

        model.Dispose();
        Assert.True(report.Config.TiedHead);
        Assert.Contains(report.Of(ReportKind.LeftOut), line => line.StartsWith("a copy: 'lm_head.weight'", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_keeps_a_head_that_differs_by_one_bit()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint().But(c =>
        {
            byte[] data = [.. c["lm_head.weight"]!.Data];
            data[^4] ^= 1;
            c["lm_head.weight"] = c["lm_head.weight"]! with { Data = data };
        }).ToArray();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint);

        using (model)
        {
            Dictionary<string, uint[]> tensors = Conversion.Tensors(model);
            Assert.False(report.Config.TiedHead);
            Assert.Equal(tensors["token_embedding"][^1] ^ 1, tensors["head.weight"][^1]);
        }
    }

    [Fact]
    public void Convert_a_head_with_bias()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint().But(c => c.State.Add(("lm_head.bias", TestTensor.Of([1, 2, 3, 4, 5], 5)))).ToArray();

        using ModelFile model = Conversion.Convert(folder, checkpoint).Model;

        Assert.Equal([1f, 2f, 3f, 4f, 5f], Conversion.Tensors(model)["head.bias"].Select(BitConverter.UInt32BitsToSingle));
    }

    [Theory]
    [InlineData(true, null, ActivationKind.GeluErf, ReportKind.Assumed)]
    [InlineData(false, null, ActivationKind.GeluTanh, ReportKind.Assumed)]    // from before the field
    [InlineData(true, ActivationKind.ReluSquared, ActivationKind.ReluSquared, ReportKind.Found)]
    public void Convert_nanoGPT_chooses_the_activation(bool hasBiasField, ActivationKind? option, ActivationKind expected, ReportKind kind)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint()
            .But(c => c.Arguments.RemoveAll(pair => !hasBiasField && pair.Key.Equals("bias"))).ToArray();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint, new ConvertOptions { Activation = option });

        model.Dispose();
        Assert.Equal(expected, report.Config.Activation);
        Assert.Contains(report.Of(kind), line => line.StartsWith("activation ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nanogpt_char_nobias/ckpt.pt")]
    [InlineData("mygpt_ch18_old_config/ch18.ckpt")]
    [InlineData("mygpt_final_shakespeare/shakespeare.ckpt")]
    [InlineData("microgpt_relu/microgpt.json")]
    public void Describe_takes_the_norm_epsilon_that_the_option_says(string fixture)
    {
        CheckpointDescription usual = Converter.Describe(TestFiles.Fixture(fixture));
        CheckpointDescription given = Converter.Describe(TestFiles.Fixture(fixture), new ConvertOptions { NormEpsilon = 1e-4f });

        Assert.Single(usual.Lines, line => line.Kind == ReportKind.Assumed && line.Text.StartsWith("norm epsilon 1e-5: ", StringComparison.Ordinal));
        Assert.Equal((1e-5f, 1e-4f), (usual.Config!.NormEpsilon, given.Config!.NormEpsilon));
        Assert.Contains(new ReportLine(ReportKind.Found, "norm epsilon 1e-4, as --norm-epsilon says"), given.Lines);
        Assert.DoesNotContain(given.Lines, line => line.Text.Contains("1e-5", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_warns_about_config_fields_that_it_does_not_know()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, new TinyCheckpoint().With("made_up", true).ToArray());

        model.Dispose();
        Assert.Contains(report.Of(ReportKind.Warning), line => line.Contains("'made_up'", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_warns_of_tensors_beside_the_state_dict()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint().But(c => c.Others.Add(("ema.wte.weight", TestTensor.Random(1, 5, 4)))).ToArray();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint);

        model.Dispose();
        Assert.Contains("1 tensor beside the state dict that was read, and not read: 'ema.wte.weight'", report.Of(ReportKind.Warning));
        Assert.Contains("2 heads: the config says n_head", report.Of(ReportKind.Found));
    }

    [Fact]
    public void Convert_reads_a_config_that_was_saved_as_an_object()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var nano = new TinyCheckpoint();
        Action<PickleWriter> config = pickle => pickle.Global("__main__", "GPTConfig").Op(')').Raw(0x81)
            .Value(new List<(object, object?)> { ("block_size", 3), ("vocab_size", 5), ("n_layer", 2), ("n_head", 2), ("n_embd", 4) }).Op('b');

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder,
            TinyCheckpoint.Archive((List<(object, object?)>)[("model", nano.State), ("config", config), ("step", 9)]));

        model.Dispose();
        Assert.Equal("nanoGPT", report.Family);
        Assert.Equal(2, report.Config.HeadCount);
        Assert.Equal(ActivationKind.GeluTanh, report.Config.Activation);
        Assert.Contains(report.Of(ReportKind.Assumed), line => line.Contains("build-nanogpt", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_myGPT_refuses_a_norm_option_that_contradicts_the_biases()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string checkpoint = TestFiles.Fixture("mygpt_ch15_bare_state_dict/trained_gpt.pt");

        var error = Assert.Throws<OptionException>(() => Converter.Convert(
            checkpoint, folder.File("w.bin"), new ConvertOptions { Heads = 2, Norm = NormKind.RmsNorm }));

        Assert.Equal("--norm", error.Option);
        Assert.Contains("whose norms have biases", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_a_bare_state_dict_needs_the_number_of_heads()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string checkpoint = TestFiles.Fixture("mygpt_ch15_bare_state_dict/trained_gpt.pt");

        var missing = Assert.Throws<MissingOptionException>(
            () => Converter.Convert(checkpoint, folder.File("w.bin"), new ConvertOptions()));
        Assert.Equal("--heads", missing.Option);
        Assert.Contains("--heads N", missing.Message, StringComparison.Ordinal);
        foreach (int heads in new[] { 3, 0, -1, 16 })
        {
            var wrong = Assert.Throws<OptionException>(
                () => Converter.Convert(checkpoint, folder.File("w.bin"), new ConvertOptions { Heads = heads }));
            Assert.Contains("does not divide the model's width 8", wrong.Message, StringComparison.Ordinal);
        }
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public void Convert_refuses_a_number_of_heads_that_contradicts_the_config()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        var wrong = Assert.Throws<OptionException>(
            () => Conversion.Convert(folder, new TinyCheckpoint().ToArray(), new ConvertOptions { Heads = 4 }));

        Assert.Contains("n_head = 2", wrong.Message, StringComparison.Ordinal);
    }
}
