using System.Diagnostics;
using MyGpt.CommandLine.Machine;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Bench;

/// <summary>Measures <see cref="Speed"/>: the machine and the model in turns, so that a noisy neighbour slows both or neither.</summary>
internal sealed class SpeedMeasurement(Gpt gpt, Activations activations, Workload workload, ReadProbe reads, Processors processors)
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(1);

    private readonly ProcessorShare _share = new(processors.Count);
    private readonly List<double> _decode = [], _prefill = [], _memory = [], _mapped = [], _read = [], _fma = [], _decodeShare = [], _prefillShare = [];

    /// <summary>Warms up, then measures: read, decode, read, multiply-add, prefill, multiply-add, and again.</summary>
    /// <param name="decodedTokens">Tokens of one measurement.</param>
    /// <param name="repetitions">How often at least; small models are measured for a second.</param>
    /// <param name="interrupted">Ends the command.</param>
    public Speed Measure(int decodedTokens, int repetitions, CancellationToken interrupted)
    {
        double decodeBytes = ModelCost.BytesPerToken(gpt.Weights);
        double prefillWork = ModelCost.PrefillFlopsPerToken(gpt.Weights, gpt.Config, workload.PrefillLength);
        Func<double> decode = () => workload.DecodeRate(decodedTokens);
        if (workload.CanDecode)
            Repeat.WarmUp(decode, interrupted);
        Repeat.WarmUp(workload.PrefillRate, interrupted);
        Read();

        long start = Stopwatch.GetTimestamp();
        while (_prefill.Count < repetitions || Stopwatch.GetElapsedTime(start) < Enough)
        {
            interrupted.ThrowIfCancellationRequested();
            if (workload.CanDecode)
                Turn(Read, decode, decodeBytes, _read, _decode, _decodeShare);
            else
                _read.Add(Read());
            Turn(Fma, workload.PrefillRate, prefillWork, _fma, _prefill, _prefillShare);
        }
        return new Speed
        {
            Threads = activations.Threads,
            Decode = workload.CanDecode ? Spread.Of(_decode) : null,
            Prefill = Spread.Of(_prefill),
            ReadMemory = Spread.Of(_memory),
            ReadMapped = Spread.Of(_mapped),
            Read = Spread.Of(_read),
            Fma = Spread.Of(_fma),
            ProcessorShare = _share.Value,
            DecodeShare = workload.CanDecode ? Spread.Of(_decodeShare) : null,
            PrefillShare = Spread.Of(_prefillShare),
        };
    }

    // What the machine can do before and after, and what the model did in between. Work is per token, limits are in 10^9.
    private static void Turn(Func<double> probe, Func<double> measure, double work, List<double> limits, List<double> rates, List<double> shares)
    {
        double before = probe(), rate = Repeat.Sustained(measure), after = probe(), limit = (before + after) / 2;
        limits.Add(limit);
        rates.Add(rate);
        shares.Add(rate * work / 1e9 / limit);
    }

    private double Read()
    {
        double memory = reads.FromMemory(activations.Threads), mapped = reads.FromWeights(activations.Threads);
        _memory.Add(memory);
        _mapped.Add(mapped);
        return Math.Max(memory, mapped);
    }

    private double Fma() => FmaProbe.GigaFlops(activations.Threads, _share);
}
