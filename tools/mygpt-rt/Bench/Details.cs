using System.Text.Json;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Bench;

/// <summary>Decoding in other situations, each held against a single sequence at its beginning, measured in turns with it.</summary>
internal sealed record Details
{
    /// <summary>Sequences that are decoded at once.</summary>
    public const int BatchSize = 16;

    /// <summary>Tokens per second of <see cref="BatchSize"/> sequences together.</summary>
    public required Spread Batch { get; init; }

    /// <summary>The same, as a multiple of one sequence.</summary>
    public required Spread BatchRatio { get; init; }

    /// <summary>The middle position of decoding near the end of the context, or of what of it <see cref="Workload.Reach"/> fills; null where that is no other place than its beginning.</summary>
    public required int? LatePosition { get; init; }

    /// <summary>Tokens per second there.</summary>
    public required Spread? Late { get; init; }

    /// <summary>The same, as a ratio to the beginning.</summary>
    public required Spread? LateRatio { get; init; }

    /// <summary>The ratio of the bytes that a token reads at the beginning to those that it reads there, keys and values included.</summary>
    public required double? LateRatioOfBytes { get; init; }

    /// <summary>Microseconds of taking the most likely token.</summary>
    public required Spread GreedyMicroseconds { get; init; }

    /// <summary>The same, as a share of a token.</summary>
    public required Spread GreedyShare { get; init; }

    /// <summary>Microseconds of drawing a token at temperature 0.8 from the 50 most likely ones.</summary>
    public required Spread TopKMicroseconds { get; init; }

    /// <summary>The same, as a share of a token.</summary>
    public required Spread TopKShare { get; init; }

    /// <summary>Bytes that the process allocates on the managed heap for each decoded token.</summary>
    public required double AllocatedPerToken { get; init; }

    /// <summary>Adds the rows of a table: name, median, min, max, unit.</summary>
    public void AddTo(TextTable table)
    {
        Spread.Row(table, $"{BatchSize} sequences at once", Batch, "tokens/s");
        Spread.Row(table, "  to one", BatchRatio, "times");
        string place = LatePosition is { } position ? $"decode at position {position}" : "decode near the end of the context";
        Spread.Row(table, place, Late, "tokens/s");
        string explained = LateRatioOfBytes is { } bytes ? $"%; {Verbs.Figures.Rate(bytes * 100)} % by the bytes read" : "%";
        Spread.Row(table, "  of the beginning", LateRatio * 100, explained);
        Spread.Row(table, "greedy choice", GreedyMicroseconds, "us");
        Spread.Row(table, "  of a token", GreedyShare * 100, "%");
        Spread.Row(table, "temperature and top-k", TopKMicroseconds, "us");
        Spread.Row(table, "  of a token", TopKShare * 100, "%");
        table.Add("allocated", Verbs.Figures.Rate(AllocatedPerToken), "", "", "bytes per token");
    }

    /// <summary>Writes members of a JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("batch_size", BatchSize);
        Spread.Write(json, "batch_tok_s", Batch, 2);
        Spread.Write(json, "batch_ratio", BatchRatio, 3);
        Number(json, "late_position", LatePosition);
        Spread.Write(json, "late_tok_s", Late, 2);
        Spread.Write(json, "late_ratio", LateRatio, 4);
        Number(json, "late_ratio_of_bytes", LateRatioOfBytes is { } ratio ? Math.Round(ratio, 4) : null);
        Spread.Write(json, "greedy_us", GreedyMicroseconds, 3);
        Spread.Write(json, "greedy_share_of_token", GreedyShare, 5);
        Spread.Write(json, "top_k_us", TopKMicroseconds, 3);
        Spread.Write(json, "top_k_share_of_token", TopKShare, 5);
        json.WriteNumber("allocated_bytes_per_token", Math.Round(AllocatedPerToken, 3));
    }

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
