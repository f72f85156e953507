using System.Diagnostics;
using MyGpt.CommandLine.Bench;

namespace MyGpt.CommandLine.Doctor.Machine;

/// <summary>What the machine can do with a number of threads: the limits that a model is held against.</summary>
/// <param name="Threads">Threads that worked.</param>
/// <param name="Read">Bytes read, 10^9 per second.</param>
/// <param name="Fma">Operations of float32 multiply-adds, two for each, 10^9 per second.</param>
/// <param name="KernelFma">The same in vectors as wide as the kernels'.</param>
internal sealed record MachineLimits(int Threads, Spread Read, Spread Fma, Spread KernelFma)
{
    private const int Fewest = 5;
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(0.4);

    /// <summary>Measures all, in turns.</summary>
    /// <param name="threads">Threads that work.</param>
    /// <param name="read">Measures the read rate.</param>
    /// <param name="interrupted">Ends the command.</param>
    public static MachineLimits Measure(int threads, Func<int, double> read, CancellationToken interrupted)
    {
        List<double> reads = [], operations = [], narrow = [];
        read(threads);
        long start = Stopwatch.GetTimestamp();
        while (reads.Count < Fewest || Stopwatch.GetElapsedTime(start) < Enough)
        {
            interrupted.ThrowIfCancellationRequested();
            reads.Add(read(threads));
            operations.Add(FmaProbe.GigaFlops(threads));
            narrow.Add(FmaProbe.HasWide ? FmaProbe.GigaFlopsOfKernels(threads) : operations[^1]);
        }
        return new MachineLimits(threads, Spread.Of(reads), Spread.Of(operations), Spread.Of(narrow));
    }
}
