using System.Text.Json;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Bench;

/// <summary>Decoding and prefill with one number of threads, and the machine's limits with as many, measured in turns.</summary>
/// <remarks>A share is the median of ratios, each of two figures measured within a second or two of one another: not the ratio of two medians.</remarks>
internal sealed record Speed
{
    /// <summary>Threads that computed.</summary>
    public required int Threads { get; init; }

    /// <summary>Greedy tokens per second after a short prompt; null for a context of one token.</summary>
    public required Spread? Decode { get; init; }

    /// <summary>Prompt tokens per second.</summary>
    public required Spread Prefill { get; init; }

    /// <summary>The machine's read rate from ordinary memory, 10^9 bytes per second.</summary>
    public required Spread ReadMemory { get; init; }

    /// <summary>The machine's read rate from the mapped weights, 10^9 bytes per second.</summary>
    public required Spread ReadMapped { get; init; }

    /// <summary>The higher of both each time: what decoding is held against.</summary>
    public required Spread Read { get; init; }

    /// <summary>The machine's rate of float32 multiply-adds, 10^9 operations per second, two for each.</summary>
    public required Spread Fma { get; init; }

    /// <summary>Of the processor time that the multiply-adds asked for, what they got.</summary>
    public required double ProcessorShare { get; init; }

    /// <summary>Share of the read rate that decoding reaches; null for a context of one token.</summary>
    public required Spread? DecodeShare { get; init; }

    /// <summary>Share of the multiply-add rate that prefill reaches.</summary>
    public required Spread PrefillShare { get; init; }

    /// <summary>Signs that something else used the machine meanwhile, null for each that is missing.</summary>
    public IEnumerable<string?> Disturbances() =>
    [
        Disturbance.OfShare(Threads, ProcessorShare),
        Disturbance.OfRounds(Threads, "read", ReadMemory.Max, ReadMemory.Min, "GB/s"),
        Disturbance.OfRounds(Threads, "read", ReadMapped.Max, ReadMapped.Min, "GB/s"),
        Disturbance.OfRounds(Threads, "multiply-add", Fma.Max, Fma.Min, "GFLOP/s"),
    ];

    /// <summary>Adds the rows of a table: name, median, min, max, unit.</summary>
    public void AddTo(TextTable table)
    {
        Spread.Row(table, "decode", Decode, "tokens/s");
        Spread.Row(table, "  of the read rate", DecodeShare * 100, "%");
        Spread.Row(table, "prefill", Prefill, "tokens/s");
        Spread.Row(table, "  of the multiply-add rate", PrefillShare * 100, "%");
        Spread.Row(table, "machine: read, memory", ReadMemory, "GB/s");
        Spread.Row(table, "machine: read, mapped weights", ReadMapped, "GB/s");
        Spread.Row(table, "machine: multiply-add", Fma, "GFLOP/s");
    }

    /// <summary>Writes members of a JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        Spread.Write(json, "decode_tok_s", Decode, 2);
        Spread.Write(json, "decode_share_of_bandwidth", DecodeShare, 4);
        Spread.Write(json, "prefill_tok_s", Prefill, 2);
        Spread.Write(json, "prefill_share_of_peak", PrefillShare, 4);
        Spread.Write(json, "read_gb_s", Read, 2);
        Spread.Write(json, "read_memory_gb_s", ReadMemory, 2);
        Spread.Write(json, "read_mapped_gb_s", ReadMapped, 2);
        Spread.Write(json, "fma_gflop_s", Fma, 2);
    }
}
