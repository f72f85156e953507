using System.Runtime.InteropServices;
using System.Text.Json;
using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Machine;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>What bench counts and how it measures; its figures themselves have no place in a unit test.</summary>
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
    [InlineData(ElementType.Q8, 34 * 123_532_032L / 32)]   // every row is whole blocks
    [InlineData(ElementType.Q4, 18 * 123_532_032L / 32)]
    public void BytesPerToken_of_gpt2_are_its_matrices_and_the_head(ElementType type, long needed)
    {
        GptWeights weights = Shapes(Gpt2, type);
        Assert.Equal(needed, ModelCost.BytesPerToken(weights));
        Assert.Equal(type, ModelCost.MatrixType(weights));
    }

    [Fact]
    public void BytesPerToken_of_rows_that_are_no_whole_blocks_count_what_fills_them()
    {
        // Tied: qkv 6 -> 40, projection 20 -> 6, MLP 6 -> 9 -> 6 in 2 layers, head 6 -> 11: one block a row.
        Assert.Equal(34 * (2 * (40 + 6 + 9 + 6) + 11), ModelCost.BytesPerToken(Shapes(TinyModels.Config with { TiedHead = true }, ElementType.Q8)));
        Assert.Equal(18 * (2 * (40 + 6 + 9 + 6) + 11), ModelCost.BytesPerToken(Shapes(TinyModels.Config with { TiedHead = true }, ElementType.Q4)));
    }

    [Fact]
    public void BytesPerToken_of_mixed_types_are_each_matrix_by_its_own()
    {
        const long head = 768 * 50257, rest = 123_532_032 - head;
        GptWeights weights = Shapes(Gpt2, spec => spec.Name == "token_embedding" ? ElementType.Q8 : ElementType.Q4);
        Assert.Equal((34 * head + 18 * rest) / 32, ModelCost.BytesPerToken(weights));
        Assert.Equal(ElementType.Q4, ModelCost.MatrixType(weights));                                         // 47.8 MB, the head 41.0
        weights = Shapes(Gpt2, spec => spec.Name == "token_embedding" ? ElementType.F32 : ElementType.Q8);
        Assert.Equal(ElementType.F32, ModelCost.MatrixType(weights));                                        // 154.4 MB, fewer weights than the 90.2 MB of q8
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
        using var workload = new Workload(model.Gpt, activations, KvType.F32);
        Assert.Equal(prompt, workload.PromptLength);
        Assert.Equal(prefill, workload.PrefillLength);
        Assert.Equal([13 % 11, 1010 % 11, 2007 % 11], workload.Prompt(3));
        AssertRate(workload.DecodeRate(20));
        AssertRate(workload.PrefillRate());
        AssertRate(workload.DecodeRate(1));
    }

    [Theory]
    [InlineData(1, 1, KvType.F32)]
    [InlineData(3, 2, KvType.F32)]
    [InlineData(3, 2, KvType.Bf16)]
    public void Sequences_continue_the_prompt_greedily_and_begin_again_where_the_context_ends(int count, int threads, KvType kvType)
    {
        using var model = new InMemoryModel(TinyModels.Config);
        using var activations = new Activations(model.Config, threads);
        using var sequences = new Sequences(model.Gpt, activations, kvType, count);
        sequences.Fill(5);
        List<int> ids = [.. Workload.Prompt(model.Config.VocabSize, 5)];
        ids.Add(ArgMax(model, ids, kvType));
        float[] sixth = sequences.Step(isFirst: true).ToArray();
        Assert.Equal(Enumerable.Repeat(ModelRuns.Logits(model, [.. ids], kvType: kvType)[^model.Config.VocabSize..], count).SelectMany(row => row), sixth);
        ids.Add(ArgMax(model, ids, kvType));
        Assert.Equal(ModelRuns.Logits(model, [.. ids], kvType: kvType)[^model.Config.VocabSize..], sequences.Step(isFirst: false)[..model.Config.VocabSize].ToArray());
        AssertRate(sequences.DecodeRate(7));   // there is room for two
        Assert.Equal(sixth, sequences.Step(isFirst: true).ToArray());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public void Probes_measure_with_any_number_of_threads(int threads)
    {
        using var model = new InMemoryModel(TinyModels.Config);
        using var reads = new ReadProbe(model.Gpt.Weights);
        AssertRate(reads.FromMemory(threads));
        AssertRate(reads.FromWeights(threads));
        AssertRate(FmaProbe.GigaFlops(threads, new ProcessorShare(threads)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    public unsafe void Read_loops_read_every_word_once(int steps)
    {
        uint[] words = new uint[steps * ReadLoop.Step];
        new Random(steps).NextBytes(MemoryMarshal.AsBytes(words.AsSpan()));
        uint[] lanes = new uint[8];
        for (int i = 0; i < words.Length; i++)
            lanes[i % 8] ^= words[i];
        uint expected = lanes.Aggregate((sum, lane) => unchecked(sum + lane));
        fixed (uint* first = words)
            Assert.Equal([expected, expected], new[] { ReadLoop.InOrder(first, words.Length), ReadLoop.InQuarters(first, words.Length) });
    }

    [Theory]
    [InlineData(1024, 12, 1024)]
    [InlineData(4096, 12, 4096)]
    [InlineData(1 << 20, 12, 4096)]                  // a declaration: no byte of the file backs it
    [InlineData(4096, 100, 1747)]                    // 1 GiB / (2 * 100 * 768 * 4 bytes)
    public void Reach_of_a_long_context_is_bounded_in_positions_and_bytes(int contextLength, int layers, int reach)
    {
        GptConfig config = Gpt2 with { ContextLength = contextLength, LayerCount = layers, Position = PositionKind.RotaryHalves };
        using var model = new InMemoryModel(TinyModels.Config);
        using var activations = new Activations(model.Config, 1);
        using var workload = new Workload(new Gpt(config, Shapes(config, ElementType.F32)), activations, KvType.F32);
        Assert.Equal(reach, workload.Reach);
    }

    [Fact]
    public void Details_of_a_context_of_a_million_positions_decode_as_far_as_it_is_filled()
    {
        using var model = new InMemoryModel(TinyModels.Config with { ContextLength = 1 << 20, Position = PositionKind.RotaryPairs, HeadDim = 4 });
        using var activations = new Activations(model.Config, 1);
        using var workload = new Workload(model.Gpt, activations, KvType.F32);
        Details details = new DetailsMeasurement(model.Gpt, activations, workload).Measure(CancellationToken.None);
        Assert.Equal(4096 - 24, details.LatePosition);
    }

    [Fact]
    public void Sequences_are_filled_in_pieces_between_which_they_can_be_interrupted()
    {
        using var model = new InMemoryModel(TinyModels.Config with { ContextLength = 1100 });
        using var activations = new Activations(model.Config, 1);
        using var sequences = new Sequences(model.Gpt, activations, KvType.F32, 1);
        sequences.Fill(1030);
        int[] prompt = Workload.Prompt(model.Config.VocabSize, 1030);
        int next = ArgMax(model, [.. prompt], KvType.F32);
        Assert.Equal(ModelRuns.Logits(model, [.. prompt, next])[^model.Config.VocabSize..], sequences.Step(isFirst: true).ToArray());
        Assert.Throws<OperationCanceledException>(() => sequences.Fill(1030, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Bench_of_a_tiny_model_prints_one_object()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(folder.File("w.bin"), TinyModels.Config);
        JsonElement json = Command.Run("bench", weights, "--quick", "--json", "--threads", "2", "--kv-type", "bf16").Succeeded().Json();
        Assert.Equal(2, json.GetProperty("threads").GetInt32());
        Assert.Equal("bf16", json.GetProperty("kv_type").GetString());
        Assert.Equal(2 * 2 * 2 * 5 * 2, json.GetProperty("kv_bytes_per_position").GetInt64());   // K and V, L, NKV, HS, bytes
        AssertRate(json.GetProperty("decode_tok_s").GetProperty("median").GetDouble());
        Assert.False(json.TryGetProperty("one_thread", out _));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("ttft_ms").ValueKind);
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        using var output = new MemoryStream();
        Command.Run(output, [], interrupt.Token, "bench", weights).Failed(130, "interrupted");
    }

    [Fact]
    public void Anonymous_memory_is_found_among_the_figures_of_the_process()
    {
        Assert.Equal(5432 * 1024, ProcessMemory.Parse(["VmRSS:\t  9999 kB", "RssAnon:\t    5432 kB", "RssFile:\t 1 kB"]));
        Assert.Null(ProcessMemory.Parse(["VmRSS:\t  9999 kB"]));
        Assert.Null(ProcessMemory.Parse(["RssAnon:\t many kB"]));
    }

    [Fact]
    public void Workload_of_a_one_token_context_decodes_nothing()
    {
        using var model = new InMemoryModel(TinyModels.Config with { ContextLength = 1 });
        using var activations = new Activations(model.Config, 1);
        using var workload = new Workload(model.Gpt, activations, KvType.F32);
        Assert.False(workload.CanDecode);
    }

    [Fact]
    public void GenerationWorkload_samples_within_the_window_and_goes_past_it()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using LanguageModel model = LanguageModel.Open(
            TinyModels.Write(folder.File("w.bin"), TinyModels.Config, tokenizer: TinyModels.Characters("abcdefghijk")), threads: 1);
        using var activations = new Activations(model.Gpt.Config, 1);
        using var workload = new Workload(model.Gpt, activations, KvType.F32);
        var generation = new GenerationWorkload(model, workload);
        AssertRate(generation.SampledRate());
        using IDisposable run = generation.BeginPastWindow(CancellationToken.None);
        AssertRate(generation.PastWindowRate());
        AssertRate(generation.PastWindowRate());
    }

    [Fact]
    public void Share_is_the_median_of_ratios_to_the_limit_around_each_measurement()
    {
        using var model = new InMemoryModel(TinyModels.Config);
        using var activations = new Activations(model.Config, 2);
        using var workload = new Workload(model.Gpt, activations, KvType.F32);
        using var reads = new ReadProbe(model.Gpt.Weights);
        Speed speed = new SpeedMeasurement(model.Gpt, activations, workload, reads, new Processors(2, 2)).Measure(3, 2, CancellationToken.None);
        Assert.Equal(2, speed.Threads);
        double bytes = ModelCost.BytesPerToken(model.Gpt.Weights) / 1e9;
        Assert.InRange(speed.DecodeShare!.Value.Min, speed.Decode!.Value.Min * bytes / speed.Read.Max * 0.999, speed.DecodeShare.Value.Median);
        Assert.InRange(speed.DecodeShare.Value.Max, speed.DecodeShare.Value.Median, speed.Decode.Value.Max * bytes / speed.Read.Min * 1.001);
        Assert.True(speed.Read.Max <= Math.Max(speed.ReadMemory.Max, speed.ReadMapped.Max));
        AssertRate(speed.PrefillShare.Median);
    }

    // Of any size: a machine that does other things in between makes the rate of a few tokens arbitrarily small.
    private static void AssertRate(double rate) => Assert.InRange(rate, double.Epsilon, 1e9);

    private static int ArgMax(InMemoryModel model, List<int> ids, KvType kvType)
    {
        float[] last = ModelRuns.Logits(model, [.. ids], kvType: kvType)[^model.Config.VocabSize..];
        return Array.IndexOf(last, last.Max());
    }

    private static GptWeights Shapes(GptConfig config, ElementType type) => Shapes(config, _ => type);

    private static unsafe GptWeights Shapes(GptConfig config, Func<TensorSpec, ElementType> type) => GptWeights.Load(config, spec =>
        new TensorView(spec.Name, spec.IsMatrix ? type(spec) : ElementType.F32, SectionLayout.Rows, spec.Rows, spec.Columns, null));
}
