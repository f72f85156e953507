using System.Diagnostics;
using CommunityToolkit.HighPerformance.Helpers;

namespace MyGpt.Runtime.Kernels.Threading;

/// <summary>
/// Cuts work by rows and runs the parts: on the caller's thread when they are small, by <c>Parallel.For</c> when they are long parts of a
/// prompt, and else on a team of its own workers, whose hand-off costs a fraction of a microsecond and allocates nothing.
/// The only place that starts parallel work.
/// </summary>
/// <remarks>
/// Which thread runs which part is open; a job's rows must not depend on it. One region runs at a time: a partition belongs to
/// one session.
/// </remarks>
internal sealed unsafe class RowPartition : IDisposable
{
    /// <summary>Multiply-adds below which a region stays on the caller's thread (about 3 us of work).</summary>
    public const long SerialWork = 40_000;

    /// <summary>Multiply-adds from which prefill's regions go to Parallel.For (about 40 ms of work); on shorter ones the team measured faster, see docs/decisions/0002.</summary>
    public const long PooledWork = 4_000_000_000;

    // Less is not worth a claim: a machine with many threads cuts small work into fewer parts than it has threads.
    private const long PartWork = SerialWork / 8;

    // Parts per worker, at most: enough that a worker that was held up leaves its share to the others.
    private const int PartsPerWorker = 4;

    // Multiply-adds of a part that are worth cutting for: a linear layer's reading starts afresh with each part, and that costs a short region more
    // than a worker that comes late. A 10.7 M model with layers of 384 x 384 to 1536 x 384 decodes 1.1 to 1.15 times as fast in one part per
    // worker as in four (bf16 and f32, from the L3 cache, two threads: docs/performance.md, "Small models and sampling").
    private const long LongPart = 200_000;

    private readonly WorkerTeam? _team;
    private readonly int _working;
    private readonly long _pooledWork;
    private Pacing _pacing;
    private bool _isPrompt;
    private double _costOfWork = 1;

    /// <summary>Makes a partition and starts its workers.</summary>
    /// <param name="threads">Most threads that work at the same time, the caller's included; 1 or more. No more work than there are processors.</param>
    public RowPartition(int threads)
        : this(threads, Environment.ProcessorCount)
    {
    }

    /// <summary>Makes a partition as on a machine of a given size: more threads than it has processors would only take turns.</summary>
    internal RowPartition(int threads, int processors, long pooledWork = PooledWork)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _working = Math.Min(threads, processors);
        _pooledWork = pooledWork;
        if (_working > 1)
            _team = new WorkerTeam(_working - 1, processors);
    }

    /// <summary>Most threads that work at the same time, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>Says what the next regions are part of, up to the next such call.</summary>
    /// <param name="isPrompt">
    /// Whether the tokens are a prompt's: then long regions may allocate and go to Parallel.For, and none is timed. Else the regions are one
    /// step of decoding, the unit in which the team is compared with the caller.
    /// </param>
    /// <param name="costOfWork">
    /// Time of a multiply-add, roughly, as a share of that in a step with a single token: by it, the speed of steps with several tokens is compared with
    /// the speed of those with one.
    /// </param>
    public void BeginCall(bool isPrompt, double costOfWork = 1)
    {
        _isPrompt = isPrompt;
        _costOfWork = costOfWork;
        if (!isPrompt)
            _pacing.BeginStep();
    }

    /// <summary>Runs all rows of a job and returns when all are done.</summary>
    /// <param name="job">The work.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="grain">Parts begin at multiples of this many rows.</param>
    /// <param name="work">Multiply-adds of the whole job, roughly: decides how it is run.</param>
    public void Run<TJob>(TJob job, int rows, int grain, long work)
        where TJob : unmanaged, IRowJob
    {
        if (_team is null || work < SerialWork)
        {
            job.Run(0, rows, worker: 0);
            return;
        }
        int grains = (rows + grain - 1) / grain;
        long partsPerWorker = Math.Clamp(work / (_working * LongPart), 1, PartsPerWorker);
        int parts = (int)Math.Min(Math.Min(grains, _working * partsPerWorker), Math.Min(work / PartWork, WorkerTeam.MaxParts));
        if (parts < 2)
        {
            job.Run(0, rows, worker: 0);
            return;
        }
        var cut = new Cut(rows, grain, parts);
        if (!_isPrompt)
            RunPaced(_team, job, cut, work);
        else if (work < _pooledWork)
            _team.Run(&job, &RunPart<TJob>, cut);
        else
            RunPooled(job, cut);
    }

    public void Dispose() => _team?.Dispose();

    private void RunPaced<TJob>(WorkerTeam team, TJob job, Cut cut, long work)
        where TJob : unmanaged, IRowJob
    {
        long start = Stopwatch.GetTimestamp();
        (int ownParts, long ownEnd) = (1, start);
        if (_pacing.UsesTeam)
            (ownParts, ownEnd) = team.Run(&job, &RunPart<TJob>, cut);
        else
            job.Run(0, cut.End(cut.Parts - 1), worker: 0);
        _pacing.Note(start, ownEnd, Stopwatch.GetTimestamp(), ownParts, (long)(work * _costOfWork));
    }

    // Each action stands for one worker and takes parts until none is left: ParallelHelper batches actions by processors, not
    // by the number of threads asked for.
    private void RunPooled<TJob>(TJob job, Cut cut)
        where TJob : unmanaged, IRowJob
    {
        int taken = 0;
        ParallelHelper.For(0, _working, new PooledWorker<TJob>(&job, cut, &taken));
    }

    private static void RunPart<TJob>(void* job, int first, int end, int worker)
        where TJob : unmanaged, IRowJob => ((TJob*)job)->Run(first, end, worker);

    private readonly struct PooledWorker<TJob>(TJob* job, Cut cut, int* taken) : IAction
        where TJob : unmanaged, IRowJob
    {
        private readonly TJob* _job = job;
        private readonly int* _taken = taken;
        private readonly Cut _cut = cut;

        public void Invoke(int i)
        {
            for (int part; (part = Interlocked.Increment(ref *_taken) - 1) < _cut.Parts;)
                _job->Run(_cut.First(part), _cut.End(part), i);
        }
    }
}
