namespace MyGpt.Runtime.Sampling;

/// <summary>A reproducible stream of random numbers: the same seed and stream give the same numbers on every machine.</summary>
public sealed class RandomSource
{
}
