using System.Text.Json;
using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>What bench prints of given figures.</summary>
public class BenchReportTests
{
    [Theory]
    [InlineData(new double[] { 3 }, 3, 3, 3)]
    [InlineData(new double[] { 5, 1, 9 }, 5, 1, 9)]
    [InlineData(new double[] { 4, 1, 2, 9 }, 3, 1, 9)]
    public void Spread_has_the_middle_and_both_ends(double[] values, double median, double min, double max) =>
        Assert.Equal(new Spread(median, min, max), Spread.Of(values));

    [Fact]
    public void Json_has_the_contract_members()
    {
        using var stream = new MemoryStream();
        JsonOutput.Write(stream, new BenchReport(Result()).Write);
        using JsonDocument document = JsonDocument.Parse(stream.ToArray());
        JsonElement json = document.RootElement;
        string[] speed =
        [
            "decode_tok_s", "decode_share_of_bandwidth", "prefill_tok_s", "prefill_share_of_peak", "read_gb_s", "read_memory_gb_s", "read_mapped_gb_s",
            "fma_gflop_s",
        ];
        string[] spreads =
        [
            .. speed, "batch_tok_s", "batch_ratio", "late_tok_s", "late_ratio", "greedy_us", "greedy_share_of_token", "top_k_us", "top_k_share_of_token",
            "sampled_tok_s", "overflow_tok_s", "open_ms", "ttft_ms",
        ];
        string[] plain =
        [
            "warning", "type", "threads", "bytes_per_token", "kv_type", "kv_bytes_per_position", "one_thread", "batch_size", "late_position", "late_ratio_of_bytes",
            "allocated_bytes_per_token", "memory_mb", "peak_rss_mb",
        ];
        Assert.Equal(plain.Concat(spreads).Order(), json.EnumerateObject().Select(member => member.Name).Order());
        Assert.Equal(speed.Order(), json.GetProperty("one_thread").EnumerateObject().Select(member => member.Name).Order());
        Assert.All(spreads.Except(["sampled_tok_s"]), name =>
            Assert.Equal(["median", "min", "max"], json.GetProperty(name).EnumerateObject().Select(member => member.Name)));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("sampled_tok_s").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("warning").ValueKind);
        Assert.Equal(80, json.GetProperty("decode_tok_s").GetProperty("median").GetDouble());
        Assert.Equal(40, json.GetProperty("one_thread").GetProperty("decode_tok_s").GetProperty("median").GetDouble());
    }

    [Fact]
    public void Text_shows_every_table_and_a_dash_for_what_does_not_exist()
    {
        using var text = new StringWriter { NewLine = "\n" };
        new BenchReport(Result()).Print(text);
        Assert.StartsWith("f32, 500.0 MB of weights read per token, 73.7 kB of f32 keys and values for each position before it\n\n2 threads ", text.ToString(), StringComparison.Ordinal);
        Assert.All(["1 thread ", "decode ", "  of the read rate", "80.0", "machine: read, memory", "GFLOP/s", "16 sequences at once", "decode at position 1000",
            "%; 87.0 % by the bytes read"], word => Assert.Contains(word, text.ToString(), StringComparison.Ordinal));
        Assert.Matches("sampled, with text +- +- +-", text.ToString());
    }

    [Fact]
    public void Warning_is_of_whatever_was_disturbed()
    {
        BenchResult quiet = Result();
        Assert.Null(quiet.Warning);
        Assert.Contains("35.0 GB/s in some rounds and 50.0 in others", (quiet with { Speed = quiet.Speed with { ReadMapped = new Spread(40, 35, 50) } }).Warning, StringComparison.Ordinal);
        Assert.Contains("on 1 thread was", (quiet with { OneThread = quiet.OneThread! with { Fma = new Spread(60, 50, 100) } }).Warning, StringComparison.Ordinal);
        Assert.Contains("got 50 % of the processor time", (quiet with { Speed = quiet.Speed with { ProcessorShare = 0.5 } }).Warning, StringComparison.Ordinal);
        BenchResult slow = quiet with { Speed = quiet.Speed with { Fma = new Spread(50, 50, 50) } };
        Assert.Contains("2 threads computed 1.0 times as much as one", slow.Warning, StringComparison.Ordinal);
        Assert.Null((slow with { OneThread = null }).Warning);
        Assert.Null((slow with { Cores = 1 }).Warning);
    }

    private static BenchResult Result() => new()
    {
        IsQuick = false,
        Cores = 2,
        Type = ElementType.F32,
        BytesPerToken = 500_000_000,
        KvType = KvType.F32,
        KvBytesPerPosition = 73_728,
        Speed = Speeds(2, 80),
        OneThread = Speeds(1, 40),
        Details = new Details
        {
            Batch = Some(700),
            BatchRatio = Some(8.75),
            LatePosition = 1000,
            Late = Some(69),
            LateRatio = Some(0.86),
            LateRatioOfBytes = 0.87,
            GreedyMicroseconds = Some(3),
            GreedyShare = Some(0.0002),
            TopKMicroseconds = Some(40),
            TopKShare = Some(0.003),
            AllocatedPerToken = 0,
        },
        Overflow = Some(1),
        OpenMilliseconds = Some(3),
        FirstTokenMilliseconds = Some(100),
        MemoryMegabytes = 21,
        PeakMegabytes = 600,
    };

    private static Speed Speeds(int threads, double decode) => new()
    {
        Threads = threads,
        Decode = Some(decode),
        Prefill = Some(250),
        ReadMemory = Some(18),
        ReadMapped = Some(20),
        Read = Some(20),
        Fma = Some(50 * threads),
        ProcessorShare = 1,
        DecodeShare = Some(0.9),
        PrefillShare = Some(0.5),
    };

    private static Spread Some(double median) => new(median, median * 0.95, median * 1.1);
}
