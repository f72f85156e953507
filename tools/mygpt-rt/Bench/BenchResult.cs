using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Bench;

/// <summary>Everything that <c>bench</c> measures. A figure that does not exist for a model, or was not asked for, is null.</summary>
internal sealed record BenchResult
{
    /// <summary>Type of the matrices.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Whether only <see cref="Speed"/> was asked for.</summary>
    public required bool IsQuick { get; init; }

    /// <summary>Bytes of weight rows that a decoded token reads.</summary>
    public required long BytesPerToken { get; init; }

    /// <summary>What keys and values are cached as.</summary>
    public required KvType KvType { get; init; }

    /// <summary>Bytes of keys and values that it reads for each position before it.</summary>
    public required long KvBytesPerPosition { get; init; }

    /// <summary>Cores that this process may use; null where the system does not say.</summary>
    public required double? Cores { get; init; }

    /// <summary>Why the machine's rates are not to be believed; null where nothing speaks against them.</summary>
    public string? Warning => Disturbance.Warning(
    [
        .. Speed.Disturbances(),
        .. OneThread is { } one ? [.. one.Disturbances(), Disturbance.OfGain(Speed.Threads, Cores, one.Fma.Median, Speed.Fma.Median)] : Enumerable.Empty<string?>(),
    ]);

    /// <summary>With the threads asked for.</summary>
    public required Speed Speed { get; init; }

    /// <summary>With one thread; null where that is what was asked for.</summary>
    public Speed? OneThread { get; init; }

    /// <summary>Batches, long contexts, sampling; null for a context of one token.</summary>
    public Details? Details { get; init; }

    /// <summary>Tokens per second with sampling at 0.8/50 and text; null without a tokenizer or for a context of one token.</summary>
    public Spread? Sampled { get; init; }

    /// <summary>Tokens per second past the context window, where each costs a pass over all of it; null where <see cref="Workload.Reach"/> is no whole context.</summary>
    public Spread? Overflow { get; init; }

    /// <summary>Milliseconds to a usable model in a warm process.</summary>
    public Spread? OpenMilliseconds { get; init; }

    /// <summary>Milliseconds from the start of a process to its first token; null if no process could be started.</summary>
    public Spread? FirstTokenMilliseconds { get; init; }

    /// <summary>Anonymous memory beside the KV cache after a prompt and decoding, in 10^6 bytes; null where the system does not say.</summary>
    public required double? MemoryMegabytes { get; init; }

    /// <summary>Largest resident memory of this process at that time, mapped weights included, in 10^6 bytes.</summary>
    public required double PeakMegabytes { get; init; }
}
