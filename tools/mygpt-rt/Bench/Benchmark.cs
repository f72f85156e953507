using System.Diagnostics;
using MyGpt.CommandLine.Machine;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Bench;

/// <summary>Runs all measurements of a model.</summary>
internal sealed class Benchmark(string path, LanguageModel model, KvType kvType, CommandConsole console) : IDisposable
{
    private const int Repetitions = 5;

    // One thread takes longer, and is there to compare with.
    private const int DecodedTokensOfOne = 32, RepetitionsOfOne = 3;

    private readonly Processors _processors = Processors.Read();
    private readonly Progress _progress = new(console);
    private readonly CancellationToken _interrupted = console.WatchInterrupt();
    private readonly Activations _activations = new(model.Gpt.Config, model.Threads);

    /// <summary>Measures.</summary>
    /// <param name="isQuick">Only decoding and prefill with the threads asked for, and the machine.</param>
    public BenchResult Run(bool isQuick)
    {
        Gpt gpt = model.Gpt;
        using var workload = new Workload(gpt, _activations, kvType);
        long kvBytes = ModelCost.KvBytesPerPosition(gpt.Config, kvType);
        _progress.Show("memory");
        double? memory = MemoryOfARun(workload, kvBytes);   // first of all: what the other measurements take is not the model's
        double peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;

        using var reads = new ReadProbe(gpt.Weights);
        var result = new BenchResult
        {
            IsQuick = isQuick,
            Type = ModelCost.MatrixType(gpt.Weights),
            BytesPerToken = ModelCost.BytesPerToken(gpt.Weights),
            KvType = kvType,
            KvBytesPerPosition = kvBytes,
            Cores = _processors.Cores,
            Speed = MeasureSpeed(_activations, workload, reads, Workload.DecodedTokens, Repetitions),
            MemoryMegabytes = memory,
            PeakMegabytes = peak,
        };
        return isQuick ? result : AddRest(result, workload, reads);
    }

    public void Dispose()
    {
        _activations.Dispose();
        _progress.Dispose();
    }

    private BenchResult AddRest(BenchResult result, Workload workload, ReadProbe reads)
    {
        Speed? oneThread = null;
        if (model.Threads > 1)
        {
            using var activations = new Activations(model.Gpt.Config, threads: 1);
            using var alone = new Workload(model.Gpt, activations, kvType);
            oneThread = MeasureSpeed(activations, alone, reads, DecodedTokensOfOne, RepetitionsOfOne);
        }
        var generation = new GenerationWorkload(model, workload);
        _progress.Show("batch, long context, sampling");
        Details? details = workload.CanDecode ? new DetailsMeasurement(model.Gpt, _activations, workload).Measure(_interrupted) : null;
        Spread? sampled = workload.CanDecode && model.Tokenizer is not null ? Repeated("decode, sampled", generation.SampledRate) : null;
        Spread? overflow = null;
        if (workload.Reach == model.Gpt.Config.ContextLength)
        {
            using IDisposable run = generation.BeginPastWindow(_interrupted);
            overflow = Repeated("past the window", generation.PastWindowRate);
        }
        Spread open = Repeated("open", OpenMilliseconds);
        _progress.Show("first token of a new process");
        return result with
        {
            OneThread = oneThread,
            Details = details,
            Sampled = sampled,
            Overflow = overflow,
            OpenMilliseconds = open,
            FirstTokenMilliseconds = FirstToken.Milliseconds(path, workload.Prompt(workload.PromptLength), model.Threads, kvType),
        };
    }

    private Speed MeasureSpeed(Activations activations, Workload workload, ReadProbe reads, int tokens, int repetitions)
    {
        _progress.Show($"decode and prefill, {activations.Threads} of {model.Threads} threads");
        return new SpeedMeasurement(model.Gpt, activations, workload, reads, _processors).Measure(tokens, repetitions, _interrupted);
    }

    private static double? MemoryOfARun(Workload workload, long kvBytes)
    {
        workload.PrefillRate();
        if (workload.CanDecode)
            workload.DecodeRate(Workload.DecodedTokens);
        // Whole pages of the cache, as the prefill has left them.
        return ProcessMemory.Anonymous() is { } bytes ? (bytes - (workload.CachedPositions * kvBytes)) / 1e6 : null;
    }

    private Spread Repeated(string what, Func<double> measure)
    {
        _progress.Show(what);
        return Repeat.Measure(measure, _interrupted);
    }

    private double OpenMilliseconds()
    {
        using LoadedModel opened = LoadedModel.Open(path, model.Threads);
        return opened.OpenMilliseconds;
    }
}
