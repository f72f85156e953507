using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Bench;

/// <summary>Everything that <c>bench</c> measures. A figure that does not exist for a model is null.</summary>
internal sealed record BenchResult
{
    /// <summary>Type of the matrices.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Threads that compute.</summary>
    public required int Threads { get; init; }

    /// <summary>Bytes of weight rows that a decoded token reads.</summary>
    public required long BytesPerToken { get; init; }

    /// <summary>Floating-point operations per token of the prefill.</summary>
    public required double PrefillFlopsPerToken { get; init; }

    /// <summary>Greedy tokens per second after a short prompt; null for a context of one token.</summary>
    public required Spread? Decode { get; init; }

    /// <summary>Tokens per second with sampling at 0.8/50 and text; null without a tokenizer or for a context of one token.</summary>
    public required Spread? Sampled { get; init; }

    /// <summary>Prompt tokens per second.</summary>
    public required Spread Prefill { get; init; }

    /// <summary>Tokens per second past the context window, where each costs a pass over all of it.</summary>
    public required Spread Overflow { get; init; }

    /// <summary>Milliseconds to a usable model in a warm process.</summary>
    public required Spread OpenMilliseconds { get; init; }

    /// <summary>Milliseconds from the start of a process to its first token; null if no process could be started.</summary>
    public required Spread? FirstTokenMilliseconds { get; init; }

    /// <summary>Largest resident memory of this process before the machine was measured, mapped weights included, in 10^6 bytes.</summary>
    public required double PeakMegabytes { get; init; }

    /// <summary>The machine's read bandwidth from ordinary memory, 10^9 bytes per second.</summary>
    public required double ReadMemory { get; init; }

    /// <summary>The machine's read bandwidth from a mapped file, 10^9 bytes per second; null where none could be made.</summary>
    public required double? ReadMapped { get; init; }

    /// <summary>The machine's peak of float32 multiply-adds, 10^9 operations per second.</summary>
    public required double Fma { get; init; }

    /// <summary>The limit that decoding is held against: the higher of both bandwidths.</summary>
    public double Read => Math.Max(ReadMemory, ReadMapped ?? 0);

    /// <summary>Share of the read bandwidth that decoding reaches.</summary>
    public Spread? DecodeShare => Decode * (BytesPerToken / 1e9 / Read);

    /// <summary>Share of the multiply-add peak that prefill reaches.</summary>
    public Spread PrefillShare => Prefill * (PrefillFlopsPerToken / 1e9 / Fma);
}
