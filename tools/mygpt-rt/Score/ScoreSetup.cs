using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Score;

/// <summary>How a text was cut and computed.</summary>
/// <param name="ContextLength">T_max; of two models the smaller.</param>
/// <param name="Stride">How far each window is from the one before.</param>
/// <param name="KvType">What keys and values were cached as.</param>
/// <param name="Threads">Threads that computed.</param>
/// <param name="Duration">How long a pass took.</param>
internal sealed record ScoreSetup(int ContextLength, int Stride, KvType KvType, int Threads, TimeSpan Duration);
