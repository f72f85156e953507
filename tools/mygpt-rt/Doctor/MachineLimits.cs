using System.Diagnostics;
using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Machine;

namespace MyGpt.CommandLine.Doctor;

/// <summary>What the machine can do with a number of threads: the limits that a model is held against.</summary>
/// <param name="Threads">Threads that worked.</param>
/// <param name="Read">Bytes read, 10^9 per second.</param>
/// <param name="Fma">Operations of float32 multiply-adds, two for each, 10^9 per second.</param>
/// <param name="KernelFma">The same in vectors as wide as the kernels'.</param>
/// <param name="ProcessorShare">Of the processor time that the multiply-adds asked for, what they got.</param>
internal sealed record MachineLimits(int Threads, Spread Read, Spread Fma, Spread KernelFma, double ProcessorShare)
{
    private const int Fewest = 5;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(0.4);

    /// <summary>Signs that something else used the machine meanwhile, null for each that is missing.</summary>
    /// <remarks>The median of short rounds, not the worst: the runtime's own compiler, at work in the background, slows one of five in most runs.</remarks>
    public IEnumerable<string?> Disturbances() =>
    [
        Disturbance.OfShare(Threads, ProcessorShare),
        Disturbance.OfRounds(Threads, "read", Read.Max, Read.Median, "GB/s"),
        Disturbance.OfRounds(Threads, "multiply-add", Fma.Max, Fma.Median, "GFLOP/s"),
        Disturbance.OfRounds(Threads, "multiply-add", KernelFma.Max, KernelFma.Median, "GFLOP/s"),
    ];

    /// <summary>Measures all, in turns.</summary>
    /// <param name="threads">Threads that work.</param>
    /// <param name="processors">The processors that they may use.</param>
    /// <param name="read">Measures the read rate.</param>
    /// <param name="interrupted">Ends the command.</param>
    public static MachineLimits Measure(int threads, Processors processors, Func<int, double> read, CancellationToken interrupted)
    {
        List<double> reads = [], operations = [], narrow = [];
        var share = new ProcessorShare(processors.Count);
        read(threads);
        long start = Stopwatch.GetTimestamp();
        while (reads.Count < Fewest || Stopwatch.GetElapsedTime(start) < Enough)
        {
            interrupted.ThrowIfCancellationRequested();
            reads.Add(read(threads));
            operations.Add(FmaProbe.GigaFlops(threads, share));
            narrow.Add(FmaProbe.HasWide ? FmaProbe.GigaFlopsOfKernels(threads, share) : operations[^1]);
        }
        return new MachineLimits(threads, Spread.Of(reads), Spread.Of(operations), Spread.Of(narrow), share.Value);
    }
}
