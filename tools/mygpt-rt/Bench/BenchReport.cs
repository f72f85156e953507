using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Bench;

/// <summary>A benchmark's result as a text and as JSON; docs/benchmarks.md says what each figure means.</summary>
internal sealed class BenchReport(BenchResult result)
{
    /// <summary>Writes a table for each number of threads, then one of everything else: median, lowest, highest.</summary>
    public void Print(TextWriter output)
    {
        output.WriteLine($"{result.Type.Code()}, {Figures.Bytes(result.BytesPerToken)} of weights read per token, "
            + $"{Figures.Bytes(result.KvBytesPerPosition)} of {result.KvType.Code()} keys and values for each position before it");
        Table(output, Threads(result.Speed), result.Speed.AddTo);
        if (result.OneThread is { } one)
            Table(output, Threads(one), one.AddTo);
        Table(output, "", table =>
        {
            result.Details?.AddTo(table);
            if (!result.IsQuick)
            {
                Spread.Row(table, "sampled, with text", result.Sampled, "tokens/s");
                Spread.Row(table, "past the window", result.Overflow, result.Overflow is null ? "the context is longer than what is filled here" : "tokens/s");
                Spread.Row(table, "open", result.OpenMilliseconds, "ms");
                Spread.Row(table, "first token", result.FirstTokenMilliseconds, "ms from the start of a process");
            }
            table.Add("memory", result.MemoryMegabytes is { } memory ? Figures.Rate(memory) : "-", "", "", "MB beside weights and KV cache");
            table.Add("peak memory", Figures.Rate(result.PeakMegabytes), "", "", "MB resident, mapped weights included");
        });
    }

    /// <summary>Writes the members of the JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("warning", result.Warning);
        json.WriteString("type", result.Type.Code());
        json.WriteNumber("threads", result.Speed.Threads);
        json.WriteNumber("bytes_per_token", result.BytesPerToken);
        json.WriteString("kv_type", result.KvType.Code());
        json.WriteNumber("kv_bytes_per_position", result.KvBytesPerPosition);
        result.Speed.Write(json);
        if (result.OneThread is { } one)
        {
            json.WriteStartObject("one_thread");
            one.Write(json);
            json.WriteEndObject();
        }
        result.Details?.Write(json);
        Spread.Write(json, "sampled_tok_s", result.Sampled, 2);
        Spread.Write(json, "overflow_tok_s", result.Overflow, 2);
        Spread.Write(json, "open_ms", result.OpenMilliseconds, 3);
        Spread.Write(json, "ttft_ms", result.FirstTokenMilliseconds, 1);
        if (result.MemoryMegabytes is { } memory)
            json.WriteNumber("memory_mb", Math.Round(memory, 1));
        else
            json.WriteNull("memory_mb");
        json.WriteNumber("peak_rss_mb", Math.Round(result.PeakMegabytes, 1));
    }

    private static string Threads(Speed speed) => string.Create(CultureInfo.InvariantCulture, $"{speed.Threads} thread{(speed.Threads == 1 ? "" : "s")}");

    private static void Table(TextWriter output, string heading, Action<TextTable> addRows)
    {
        output.WriteLine();
        var table = new TextTable(false, true, true, true, false);
        table.Add(heading, "median", "min", "max", "");
        addRows(table);
        table.Write(output);
    }
}
