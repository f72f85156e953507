using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>Runs executions on several threads and watches that each ends.</summary>
/// <remarks>
/// One that takes too long is run again before it is called a hang: a machine that does other things, or sleeps, is none.
/// </remarks>
/// <param name="readers">Who reads; in turn, so that all get as many.</param>
/// <param name="executions">How many in all.</param>
/// <param name="firstSeed">The seed of each reader's first execution; the next ones count up.</param>
/// <param name="threads">How many run at a time.</param>
internal sealed class Fuzzer(IReadOnlyList<FuzzReader> readers, long executions, long firstSeed, int threads)
{
    // Few enough that no thread is idle for long at the end, enough that the counter is not fought over.
    private const int Batch = 64;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly WatchedTime _time = new(TimeProvider.System);
    private long _next;
    private int _running;
    private volatile bool _stopped;

    /// <summary>How long an execution may take.</summary>
    public TimeSpan LongestExecution { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Runs all executions, or until one hangs.</summary>
    public FuzzReport Run()
    {
        var watch = Stopwatch.StartNew();
        _running = threads;
        // In memory where the machine has a folder for that: a disk would be all that is measured.
        var folder = new TemporaryFolder("fuzz", Directory.Exists("/dev/shm") ? "/dev/shm" : null);
        Worker[] workers = [.. Enumerable.Range(0, threads).Select(number => Start(folder, number))];
        var report = new FuzzReport(readers.ToDictionary(reader => reader.Name, _ => new FuzzTally(), StringComparer.Ordinal));
        while (!_stopped && workers.Any(worker => worker.Thread!.IsAlive))
        {
            foreach (Worker worker in workers)
            {
                worker.Thread!.Join(Look);
                _time.Pass();
                if (!_stopped && worker.Elapsed > LongestExecution && worker.Current is var execution && Hangs(worker, execution))
                {
                    report.AddHang(Label(execution), LongestExecution);
                    _stopped = true;
                }
            }
        }
        foreach (Worker worker in workers.Where(worker => worker.Thread!.Join(LongestExecution)))
        {
            worker.Failure?.Throw();
            for (int i = 0; i < readers.Count; i++)
                report.Tallies[readers[i].Name].Add(worker.Tallies[i]);
        }
        report.Elapsed = watch.Elapsed;
        return report;
    }

    private Worker Start(TemporaryFolder folder, int number)
    {
        var worker = new Worker(_time, readers.Count, Directory.CreateDirectory(folder.File($"{number}")).FullName);
        worker.Thread = new Thread(() => Work(folder, worker)) { IsBackground = true, Name = $"fuzz {number}" };
        worker.Thread.Start();
        return worker;
    }

    private void Work(TemporaryFolder folder, Worker worker)
    {
        try
        {
            for (long first; !_stopped && (first = Interlocked.Add(ref _next, Batch) - Batch) < executions;)
            {
                for (long n = first; n < Math.Min(first + Batch, executions) && !_stopped; n++)
                    Execute(worker, (int)(n % readers.Count), firstSeed + (n / readers.Count));
            }
        }
#pragma warning disable CA1031 // A fault of the fuzzer's own, such as a full disk: thrown again where the test sees it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            worker.Failure = ExceptionDispatchInfo.Capture(e);
            _stopped = true;
        }
        if (Interlocked.Decrement(ref _running) == 0)
            folder.Dispose();      // by the last one: one that hangs may come back
    }

    private void Execute(Worker worker, int reader, long seed)
    {
        var execution = (Reader: reader, Seed: seed);
        (Verdict verdict, long allocated) = Execution.Run(readers[reader], (ulong)seed, worker.Folder, () => worker.Begin(execution));
        worker.End();
        worker.Tallies[reader].Add(verdict, allocated, Label(execution));
    }

    private string Label((int Reader, long Seed) execution) => $"{readers[execution.Reader].Name}:{execution.Seed}";

    // Too long once more, or still not done when the same has ended elsewhere and as much time again has passed.
    private bool Hangs(Worker worker, (int Reader, long Seed) execution)
    {
        if (worker.Forgiven == execution || IsTooLong(execution))
            return true;
        worker.Forgive(execution);
        return false;
    }

    private bool IsTooLong((int Reader, long Seed) execution)
    {
        long began = _time.Now;
        Task again = Task.Factory.StartNew(() =>
        {
            using TemporaryFolder folder = TestFiles.NewFolder();
            Execution.Run(readers[execution.Reader], (ulong)execution.Seed, folder.FullPath);
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        while (!again.Wait(Look))
        {
            _time.Pass();
            if (_time.Since(began) > LongestExecution)
                return true;
        }
        return false;
    }

    private sealed class Worker(WatchedTime time, int readers, string folder)
    {
        private long _began;

        public string Folder { get; } = folder;

        public FuzzTally[] Tallies { get; } = [.. Enumerable.Range(0, readers).Select(_ => new FuzzTally())];

        public Thread? Thread { get; set; }

        public ExceptionDispatchInfo? Failure { get; set; }

        /// <summary>Reader and seed of the last execution.</summary>
        public (int Reader, long Seed) Current { get; private set; }

        /// <summary>How long the execution that runs has taken; 0 between two.</summary>
        public TimeSpan Elapsed => Volatile.Read(ref _began) is > 0 and var began ? time.Since(began) : TimeSpan.Zero;

        /// <summary>The last execution that had its time once and was given it again.</summary>
        public (int Reader, long Seed)? Forgiven { get; private set; }

        public void Begin((int Reader, long Seed) execution)
        {
            Current = execution;
            Volatile.Write(ref _began, time.Now);
        }

        public void End() => Volatile.Write(ref _began, 0);

        /// <summary>Gives an execution, if it still runs, its time again.</summary>
        public void Forgive((int Reader, long Seed) execution)
        {
            Forgiven = execution;
            if (Volatile.Read(ref _began) is > 0 and var began)
                Interlocked.CompareExchange(ref _began, time.Now, began);
        }
    }
}
