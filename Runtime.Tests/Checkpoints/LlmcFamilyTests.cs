using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>What becomes of a model of llm.c.</summary>
public class LlmcFamilyTests
{
    [Fact]
    public void Convert_leaves_the_padding_out_and_places_every_number()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var file = new TestLlmc();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, file.ToArray());

        using (model)
        {
            GptConfig config = report.Config;
            Assert.Equal("llm.c", report.Family);
            Assert.Equal((TestLlmc.VocabSize, TestLlmc.ContextLength, TestLlmc.Layers, TestLlmc.Heads, TestLlmc.Width, 4 * TestLlmc.Width),
                (config.VocabSize, config.ContextLength, config.LayerCount, config.HeadCount, config.EmbeddingDim, config.MlpDim));
            Assert.Equal((ActivationKind.GeluTanh, true, true), (config.Activation, config.TiedHead, config.QkvBias));
            Dictionary<string, uint[]> tensors = Conversion.Tensors(model);
            Assert.Equal(Numbers(file, "wte.weight")[..(TestLlmc.VocabSize * TestLlmc.Width)], Floats(tensors["token_embedding"]));
            Assert.Equal(Numbers(file, "wpe.weight"), Floats(tensors["position_embedding"]));
            Assert.Equal(Numbers(file, "h.1.attn.c_attn.weight"), Floats(tensors["blocks.1.attention.qkv.weight"]));
            Assert.Equal(Numbers(file, "h.0.attn.c_proj.bias"), Floats(tensors["blocks.0.attention.projection.bias"]));
            Assert.Equal(Numbers(file, "h.1.mlp.c_proj.weight"), Floats(tensors["blocks.1.mlp.down.weight"]));
            Assert.Equal(Numbers(file, "ln_f.bias"), Floats(tensors["final_norm.bias"]));
        }
        Assert.Contains(report.Of(ReportKind.LeftOut),
            line => line == "2 rows of padding at the end of transformer.wte.weight, which has 7 for 5 tokens");
    }

    [Fact]
    public void Convert_refuses_heads_that_do_not_divide_the_width() =>
        Assert.Contains("num_heads = 3, which does not divide the width 4", Conversion.Refuse(WithHeads(3)), StringComparison.Ordinal);

    [Fact]
    public void Convert_refuses_an_option_that_contradicts_the_header()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Assert.Throws<OptionException>(() => Conversion.Convert(folder, new TestLlmc().ToArray(), new ConvertOptions { Heads = 4 }));
    }

    [Fact]
    public void Convert_takes_the_norm_epsilon_that_the_option_says()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, new TestLlmc().ToArray(), new ConvertOptions { NormEpsilon = 1e-4f });

        using (model)
            Assert.Equal(1e-4f, model.Description.Config.NormEpsilon);
        Assert.Contains("norm epsilon 1e-4, as --norm-epsilon says", report.Of(ReportKind.Found));
    }

    [SharedFact]
    public void Convert_the_fixture_gets_the_vocabulary_of_GPT2_and_starts_at_the_end_of_text()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        Converter.Convert(TestFiles.SharedFile("fixtures/llmc_gpt2_tiny/gpt2_tiny.bin"), folder.File("weights.bin"), new ConvertOptions());

        using ModelFile model = ModelFile.Open(folder.File("weights.bin"));
        Assert.Equal(50257, model.Description.Config.VocabSize);
        Assert.Equal(50257, model.Description.Tokenizer?.TokenCount);
        Assert.Equal(50256, model.Description.Generation.StartToken);
        Assert.Null(model.Description.Generation.EndToken);
    }

    private static byte[] WithHeads(int heads)
    {
        var file = new TestLlmc();
        file.Header[5] = heads;
        return file.ToArray();
    }

    private static float[] Numbers(TestLlmc file, string name) => file.Tensors.Single(tensor => tensor.Name == $"transformer.{name}").Numbers;

    private static float[] Floats(uint[] bits) => [.. bits.Select(BitConverter.UInt32BitsToSingle)];
}
