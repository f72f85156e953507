using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Bench;

/// <summary>A benchmark's result as a text and as JSON.</summary>
internal sealed class BenchReport(BenchResult result)
{
    /// <summary>Writes a table: median, lowest, highest.</summary>
    public void Print(TextWriter output)
    {
        string threads = string.Create(CultureInfo.InvariantCulture, $"{result.Threads} thread{(result.Threads == 1 ? "" : "s")}");
        output.WriteLine($"{result.Type.Code()}, {threads}, {Figures.Bytes(result.BytesPerToken)} of weights read per token");
        output.WriteLine();
        var table = new TextTable(false, true, true, true, false);
        table.Add("", "median", "min", "max", "");
        Row(table, "decode", result.Decode, "tokens/s");
        Row(table, "  of read bandwidth", result.DecodeShare * 100, "%");
        Row(table, "sampled, with text", result.Sampled, "tokens/s");
        Row(table, "prefill", result.Prefill, "tokens/s");
        Row(table, "  of multiply-add peak", result.PrefillShare * 100, "%");
        Row(table, "past the window", result.Overflow, "tokens/s");
        Row(table, "open", result.OpenMilliseconds, "ms");
        Row(table, "first token", result.FirstTokenMilliseconds, "ms from the start of a process");
        table.Add("peak memory", Figures.Rate(result.PeakMegabytes), "", "", "MB resident, mapped weights included");
        table.Write(output);

        output.WriteLine();
        var machine = new TextTable(false, true, false);
        machine.Add("machine: read, memory", Figures.Rate(result.ReadMemory), "GB/s");
        machine.Add("machine: read, mapped file", result.ReadMapped is { } mapped ? Figures.Rate(mapped) : "-", "GB/s");
        machine.Add("machine: multiply-add", Figures.Rate(result.Fma), "GFLOP/s");
        machine.Write(output);
    }

    /// <summary>Writes the members of the JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("type", result.Type.Code());
        json.WriteNumber("threads", result.Threads);
        Write(json, "decode_tok_s", result.Decode, 2);
        Write(json, "sampled_tok_s", result.Sampled, 2);
        Write(json, "prefill_tok_s", result.Prefill, 2);
        Write(json, "overflow_tok_s", result.Overflow, 2);
        json.WriteNumber("read_gb_s", Math.Round(result.Read, 2));
        json.WriteNumber("read_memory_gb_s", Math.Round(result.ReadMemory, 2));
        if (result.ReadMapped is { } mapped)
            json.WriteNumber("read_mapped_gb_s", Math.Round(mapped, 2));
        else
            json.WriteNull("read_mapped_gb_s");
        json.WriteNumber("fma_gflop_s", Math.Round(result.Fma, 2));
        json.WriteNumber("bytes_per_token", result.BytesPerToken);
        Write(json, "decode_share_of_bandwidth", result.DecodeShare, 4);
        Write(json, "prefill_share_of_peak", result.PrefillShare, 4);
        Write(json, "open_ms", result.OpenMilliseconds, 3);
        Write(json, "ttft_ms", result.FirstTokenMilliseconds, 1);
        json.WriteNumber("peak_rss_mb", Math.Round(result.PeakMegabytes, 1));
    }

    private static void Row(TextTable table, string name, Spread? figure, string unit)
    {
        if (figure is { } spread)
            table.Add(name, Figures.Rate(spread.Median), Figures.Rate(spread.Min), Figures.Rate(spread.Max), unit);
        else
            table.Add(name, "-", "-", "-", unit);
    }

    private static void Write(Utf8JsonWriter json, string name, Spread? figure, int digits)
    {
        if (figure is { } spread)
            spread.Write(json, name, digits);
        else
            json.WriteNull(name);
    }
}
