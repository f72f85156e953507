using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>Runs executions on several threads and watches that each ends.</summary>
/// <param name="readers">Who reads; in turn, so that all get as many.</param>
/// <param name="executions">How many in all.</param>
/// <param name="firstSeed">The seed of each reader's first execution; the next ones count up.</param>
/// <param name="threads">How many run at a time.</param>
internal sealed class Fuzzer(IReadOnlyList<FuzzReader> readers, long executions, long firstSeed, int threads)
{
    private static readonly TimeSpan LongestExecution = TimeSpan.FromSeconds(5);

    // Few enough that no thread is idle for long at the end, enough that the counter is not fought over.
    private const int Batch = 64;

    private long _next;
    private int _running;
    private volatile bool _stopped;

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
                worker.Thread!.Join(50);
                if (worker.Elapsed > LongestExecution)
                {
                    report.AddHang(worker.Current, LongestExecution);
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
        var worker = new Worker(readers.Count, Directory.CreateDirectory(folder.File($"{number}")).FullName);
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
        string label = $"{readers[reader].Name}:{seed}";
        (Verdict verdict, long allocated) = Execution.Run(readers[reader], (ulong)seed, worker.Folder, () => worker.Begin(label));
        worker.End();
        worker.Tallies[reader].Add(verdict, allocated, label);
    }

    private sealed class Worker(int readers, string folder)
    {
        private long _began;

        public string Folder { get; } = folder;

        public FuzzTally[] Tallies { get; } = [.. Enumerable.Range(0, readers).Select(_ => new FuzzTally())];

        public Thread? Thread { get; set; }

        public ExceptionDispatchInfo? Failure { get; set; }

        /// <summary>Reader and seed of the last execution.</summary>
        public string Current { get; private set; } = "";

        /// <summary>How long the execution that runs has taken; 0 between two.</summary>
        public TimeSpan Elapsed => Volatile.Read(ref _began) is > 0 and var began ? Stopwatch.GetElapsedTime(began) : TimeSpan.Zero;

        public void Begin(string current)
        {
            Current = current;
            Volatile.Write(ref _began, Stopwatch.GetTimestamp());
        }

        public void End() => Volatile.Write(ref _began, 0);
    }
}
