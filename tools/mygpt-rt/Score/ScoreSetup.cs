using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Score;

/// <summary>How a text was cut and computed.</summary>
/// <param name="ContextLength">T_max; of two models the smaller.</param>
/// <param name="Stride">How far each window is from the one before.</param>
/// <param name="KvType">What keys and values were cached as.</param>
/// <param name="Threads">Threads that computed.</param>
/// <param name="Duration">How long it took.</param>
internal sealed record ScoreSetup(int ContextLength, int Stride, KvType KvType, int Threads, TimeSpan Duration)
{
    // What starting costs, and what else the machine does, would be much of less.
    private static readonly TimeSpan ShortestTimed = TimeSpan.FromSeconds(1);

    /// <summary>Tokens per second; null of a run too short to say.</summary>
    /// <param name="tokens">Tokens that were predicted.</param>
    public double? Speed(long tokens) => Duration < ShortestTimed ? null : tokens / Duration.TotalSeconds;
}
