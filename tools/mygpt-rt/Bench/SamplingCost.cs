using System.Diagnostics;
using MyGpt.Runtime.Sampling;

namespace MyGpt.CommandLine.Bench;

/// <summary>What choosing a token from its logits costs.</summary>
/// <param name="temperature">0 for the most likely token.</param>
/// <param name="topK">Tokens to draw from.</param>
internal sealed class SamplingCost(float temperature, int topK)
{
    private const int Draws = 25;

    private readonly SamplerPipeline _pipeline = SamplerPipeline.Create(temperature, topK);
    private readonly RandomSource _random = new(seed: 1);
    private float[] _logits = [];

    /// <summary>Median seconds of one choice.</summary>
    /// <param name="logits">Logits of a step, (V); they stay as they are.</param>
    public double Seconds(ReadOnlySpan<float> logits)
    {
        if (_logits.Length != logits.Length)
            _logits = new float[logits.Length];
        double[] seconds = new double[Draws];
        for (int i = 0; i < Draws; i++)
        {
            logits.CopyTo(_logits);
            long start = Stopwatch.GetTimestamp();
            _pipeline.Sample(_logits, _random);
            seconds[i] = (double)(Stopwatch.GetTimestamp() - start) / Stopwatch.Frequency;   // a TimeSpan would count 100 ns
        }
        return Spread.Of(seconds).Median;
    }
}
