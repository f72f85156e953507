using System.Text.Json;
using MyGpt.CommandLine.Bench;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>What bench counts and prints; its figures themselves have no place in a unit test.</summary>
public class BenchTests
{
    private static readonly GptConfig Gpt2 = new()
    {
        VocabSize = 50257,
        ContextLength = 1024,
        EmbeddingDim = 768,
        LayerCount = 12,
        HeadCount = 12,
        KvHeadCount = 12,
        HeadDim = 64,
        MlpDim = 3072,
        Activation = ActivationKind.GeluTanh,
        TiedHead = true,
    };

    [Theory]
    [InlineData(ElementType.F32, 4 * 123_532_032L)]
    [InlineData(ElementType.Bf16, 2 * 123_532_032L)]
    public void BytesPerToken_of_gpt2_are_its_matrices_and_the_head(ElementType type, long needed)
    {
        GptWeights weights = Shapes(Gpt2, type);
        Assert.Equal(needed, ModelCost.BytesPerToken(weights));
        Assert.Equal(type, ModelCost.MatrixType(weights));
    }

    [Fact]
    public void BytesPerToken_of_an_untied_model_leave_the_embedding_out() =>
        Assert.Equal(4 * 123_532_032L, ModelCost.BytesPerToken(Shapes(Gpt2 with { TiedHead = false }, ElementType.F32)));

    [Fact]
    public void A_gate_is_read_and_multiplied_like_the_other_matrices()
    {
        GptConfig gated = Gpt2 with { GatedMlp = true, EmbeddingNorm = true, Norm = NormKind.RmsNorm, Position = PositionKind.RotaryHalves };
        GptWeights weights = Shapes(gated, ElementType.Bf16);
        const long gates = 12 * 768 * 3072;
        Assert.Equal(2 * (123_532_032L + gates), ModelCost.BytesPerToken(weights));
        double needed = ModelCost.PrefillFlopsPerToken(Shapes(Gpt2, ElementType.Bf16), Gpt2, 512) + 2 * gates;
        Assert.Equal(needed, ModelCost.PrefillFlopsPerToken(weights, gated, 512), 1.0);
    }

    [Fact]
    public void PrefillFlops_of_gpt2_are_those_that_the_peers_are_measured_with()
    {
        double needed = ((2 * 84_934_656d * 512) + (2 * 38_597_376d) + (4 * 768 * 12 * 512 * 513d / 2)) / 512;
        Assert.Equal(needed, ModelCost.PrefillFlopsPerToken(Shapes(Gpt2, ElementType.F32), Gpt2, 512), 1.0);
    }

    [Theory]
    [InlineData(1024, 16, 512)]
    [InlineData(300, 16, 300)]
    [InlineData(40, 10, 40)]
    [InlineData(7, 1, 7)]
    [InlineData(2, 1, 2)]
    public void Workload_fits_the_context(int contextLength, int prompt, int prefill)
    {
        using var model = new InMemoryModel(TinyModels.Config with { ContextLength = contextLength });
        using var activations = new Activations(model.Config, 1);
        using var workload = new Workload(model.Gpt, activations);
        Assert.Equal(prompt, workload.PromptLength);
        Assert.Equal(prefill, workload.PrefillLength);
        Assert.Equal([13 % 11, 1010 % 11, 2007 % 11], workload.Prompt(3));
        AssertRate(workload.DecodeRate());
        AssertRate(workload.PrefillRate());
    }

    [Fact]
    public void Workload_of_a_one_token_context_decodes_nothing()
    {
        using var model = new InMemoryModel(TinyModels.Config with { ContextLength = 1 });
        using var activations = new Activations(model.Config, 1);
        using var workload = new Workload(model.Gpt, activations);
        Assert.False(workload.CanDecode);
    }

    [Fact]
    public void GenerationWorkload_samples_within_the_window_and_goes_past_it()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using LanguageModel model = LanguageModel.Open(
            TinyModels.Write(folder.File("w.bin"), TinyModels.Config, tokenizer: TinyModels.Characters("abcdefghijk")), threads: 1);
        using var activations = new Activations(model.Gpt.Config, 1);
        using var workload = new Workload(model.Gpt, activations);
        var generation = new GenerationWorkload(model, workload);
        AssertRate(generation.SampledRate());
        using IDisposable run = generation.BeginPastWindow();
        AssertRate(generation.PastWindowRate());
        AssertRate(generation.PastWindowRate());
    }

    [Theory]
    [InlineData(new double[] { 3 }, 3, 3, 3)]
    [InlineData(new double[] { 5, 1, 9 }, 5, 1, 9)]
    [InlineData(new double[] { 4, 1, 2, 9 }, 3, 1, 9)]
    public void Spread_has_the_middle_and_both_ends(double[] values, double median, double min, double max) =>
        Assert.Equal(new Spread(median, min, max), Spread.Of(values));

    [Fact]
    public void Json_has_the_contract_members_and_shares_follow_from_the_rates()
    {
        using var stream = new MemoryStream();
        MyGpt.CommandLine.Terminal.JsonOutput.Write(stream, new BenchReport(Result()).Write);
        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        JsonElement json = document.RootElement;
        string[] plain =
        [
            "type", "threads", "read_gb_s", "read_memory_gb_s", "read_mapped_gb_s", "fma_gflop_s", "bytes_per_token",
            "peak_rss_mb",
        ];
        string[] spreads =
        [
            "decode_tok_s", "sampled_tok_s", "prefill_tok_s", "overflow_tok_s",
            "decode_share_of_bandwidth", "prefill_share_of_peak", "open_ms", "ttft_ms",
        ];
        Assert.Equal(plain.Concat(spreads).Order(), json.EnumerateObject().Select(member => member.Name).Order());
        Assert.All(spreads.Except(["sampled_tok_s"]), name =>
            Assert.Equal(["median", "min", "max"], json.GetProperty(name).EnumerateObject().Select(member => member.Name)));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("sampled_tok_s").ValueKind);
        double Median(string name) => json.GetProperty(name).GetProperty("median").GetDouble();
        Assert.Equal(20, json.GetProperty("read_gb_s").GetDouble());             // the higher of both
        Assert.Equal(0.8, Median("decode_share_of_bandwidth"), 1e-9);            // 32 * 0.5 GB / 20 GB/s
        Assert.Equal(0.5, Median("prefill_share_of_peak"), 1e-9);                // 250 * 0.2 GFLOP / 100 GFLOP/s
    }

    [Fact]
    public void Text_shows_both_bandwidths_and_a_dash_for_what_does_not_exist()
    {
        using var text = new StringWriter();
        new BenchReport(Result()).Print(text);
        Assert.All(["decode", "80.0", "machine: read, memory", "18.0", "machine: read, mapped file", "20.0", "GFLOP/s"],
            word => Assert.Contains(word, text.ToString(), StringComparison.Ordinal));
        Assert.Matches("sampled, with text +- +- +-", text.ToString());
    }

    // Of any size: a machine that does other things in between makes the rate of a few tokens arbitrarily small.
    private static void AssertRate(double rate) => Assert.InRange(rate, double.Epsilon, 1e9);

    private static BenchResult Result() => new()
    {
        Type = ElementType.F32,
        Threads = 2,
        BytesPerToken = 500_000_000,
        PrefillFlopsPerToken = 0.2e9,
        Decode = new Spread(32, 30, 33),
        Sampled = null,
        Prefill = new Spread(250, 240, 260),
        Overflow = new Spread(1, 1, 1),
        OpenMilliseconds = new Spread(3, 2, 4),
        FirstTokenMilliseconds = new Spread(100, 90, 110),
        PeakMegabytes = 600,
        ReadMemory = 18,
        ReadMapped = 20,
        Fma = 100,
    };

    private static unsafe GptWeights Shapes(GptConfig config, ElementType type) => GptWeights.Load(config, spec =>
        new TensorView(spec.Name, spec.IsMatrix ? type : ElementType.F32, SectionLayout.Rows, spec.Rows, spec.Columns, null));
}
