using BenchmarkDotNet.Attributes;
using CommunityToolkit.HighPerformance.Helpers;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Bench.Kernels;

/// <summary>What it costs to start and end a parallel region that does nothing: why decode has a worker team of its own.</summary>
public unsafe class HandOffBench
{
    private readonly WorkerTeam _team = new(workers: 1, processors: 2);

    [GlobalCleanup]
    public void Cleanup() => _team.Dispose();

    [Benchmark(Baseline = true)]
    public void Team() => _team.Run(null, &Nothing, new Cut(rows: 8, grain: 1, parts: 8));

    [Benchmark]
    public void ParallelFor() => ParallelHelper.For(0, 2, default(Empty));

    private static void Nothing(void* job, int first, int end, int worker)
    {
    }

    private readonly struct Empty : IAction
    {
        public void Invoke(int i)
        {
        }
    }
}
