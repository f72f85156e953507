using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels.Threading;

/// <summary>
/// Threads that wait for short regions of work: they spin for a moment, because the next region of a decoded token comes within
/// microseconds, and then sleep.
/// </summary>
/// <remarks>
/// Parts are claimed one by one, and the caller claims too, so a worker that is held up by another process holds up at most the
/// part it is in. One 64-bit word says which region is open and which part is next: a claim is one compare-and-swap, and a
/// worker that comes late cannot mistake a new region for an old one.
/// </remarks>
internal sealed unsafe class WorkerTeam : IDisposable
{
    /// <summary>Most parts that a region can have.</summary>
    public const int MaxParts = ushort.MaxValue;

    // Longer than the gap between two regions of a token, shorter than anyone notices in a process monitor.
    private static readonly long SpinTicks = Stopwatch.Frequency / 20_000;   // 50 us

    // Longer than a part of a decode region on a machine left alone; past it the worker has lost its core and the caller sleeps
    // too, which lets the system move the worker here.
    private static readonly long WaitTicks = Stopwatch.Frequency / 10_000;   // 100 us

    private readonly Worker[] _workers;
    private readonly int _awakeLimit;
    private readonly AutoResetEvent _finished = new(false);
    private Words _words;
    private int _callerSleeps;
    private volatile bool _disposed;

    // The open region. Written before the ticket is published, read only after a part of it was claimed.
    private void* _job;
    private delegate*<void*, int, int, int, void> _run;
    private Cut _cut;

    /// <summary>Starts the workers.</summary>
    /// <param name="workers">Number of threads beside the caller's.</param>
    /// <param name="processors">Processors there are for them and the caller.</param>
    public WorkerTeam(int workers, int processors)
    {
        // More runnable threads than processors only take turns, and a spinning one keeps the processor from the one it waits for.
        _awakeLimit = Math.Min(workers, Math.Max(1, processors - 1));
        bool spin = workers < processors;
        _workers = new Worker[workers];
        for (int i = 0; i < workers; i++)
            _workers[i] = new Worker(this, i + 1, spin);
        foreach (Worker worker in _workers)
            worker.Start();
    }

    /// <summary>Runs all parts of a region; the caller works too and returns when all are done.</summary>
    /// <returns>What the caller did: how many parts, and when it found none left.</returns>
    public (int Parts, long End) Run(void* job, delegate*<void*, int, int, int, void> run, Cut cut)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Debug.Assert(cut.Parts <= MaxParts, "parts do not fit the ticket");
        _job = job;
        _run = run;
        _cut = cut;
        _words.Pending = cut.Parts;
        long ticket = Ticket.Open(Volatile.Read(ref _words.Ticket), cut.Parts);
        Interlocked.Exchange(ref _words.Ticket, ticket);   // a full fence: a worker going to sleep sees it, or is seen asleep
        int helpers = Math.Min(_awakeLimit, cut.Parts - 1);
        for (int i = 0; i < helpers; i++)
            _workers[i].Wake();
        try
        {
            int own = 0;
            while (TryRunPart(worker: 0))
                own++;
            long end = Stopwatch.GetTimestamp();
            WaitForOthers(end);
            return (own, end);
        }
        finally
        {
            // Whatever ended the wait early (an interrupted thread): the job lies on this stack until the last part is done.
            while (Volatile.Read(ref _words.Pending) != 0)
                Thread.Yield();
        }
    }

    /// <summary>Ends the workers. Not to be called while a region runs.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Thread.MemoryBarrier();
        foreach (Worker worker in _workers)
            worker.Dispose();
        _finished.Dispose();
    }

    private bool TryRunPart(int worker)
    {
        long ticket = Volatile.Read(ref _words.Ticket);
        while (Ticket.HasPart(ticket))
        {
            long seen = Interlocked.CompareExchange(ref _words.Ticket, ticket + 1, ticket);
            if (seen != ticket)
            {
                ticket = seen;
                continue;
            }
            int part = Ticket.NextPart(ticket);
            try
            {
                _run(_job, _cut.First(part), _cut.End(part), worker);
            }
            finally
            {
                if (Interlocked.Decrement(ref _words.Pending) == 0 && worker != 0 && Interlocked.Exchange(ref _callerSleeps, 0) == 1)
                    _finished.Set();
            }
            return true;
        }
        return false;
    }

    private void WaitForOthers(long start)
    {
        while (Volatile.Read(ref _words.Pending) != 0)
        {
            if (Stopwatch.GetTimestamp() - start < WaitTicks)
            {
                Thread.SpinWait(8);
                continue;
            }
            Interlocked.Exchange(ref _callerSleeps, 1);
            if (Volatile.Read(ref _words.Pending) != 0 || Interlocked.Exchange(ref _callerSleeps, 0) == 0)
                _finished.WaitOne();   // set by the worker that finished the last part
        }
    }

    // Each on a cache line of its own (two, for the pair that adjacent-line prefetch fetches together).
    [StructLayout(LayoutKind.Explicit, Size = 384)]
    private struct Words
    {
        [FieldOffset(128)]
        public long Ticket;

        [FieldOffset(256)]
        public int Pending;
    }

    // Bits 63..32 count regions, 31..16 are the region's parts, 15..0 the next part to claim.
    private static class Ticket
    {
        public static long Open(long previous, int parts) => ((previous >> 32) + 1) << 32 | (long)parts << 16;

        public static int NextPart(long ticket) => (ushort)ticket;

        public static bool HasPart(long ticket) => (ushort)ticket < (ushort)(ticket >> 16);
    }

    private sealed class Worker : IDisposable
    {
        private readonly WorkerTeam _team;
        private readonly int _number;
        private readonly bool _spin;
        private readonly AutoResetEvent _wake = new(false);
        private readonly Thread _thread;
        private int _asleep;

        public Worker(WorkerTeam team, int number, bool spin)
        {
            _team = team;
            _number = number;
            _spin = spin;
            _thread = new Thread(Loop, maxStackSize: 256 * 1024) { IsBackground = true, Name = $"MyGpt row worker {number}" };
        }

        public void Start() => _thread.Start();

        public void Wake()
        {
            if (Volatile.Read(ref _asleep) == 1 && Interlocked.Exchange(ref _asleep, 0) == 1)
                _wake.Set();
        }

        public void Dispose()
        {
            _wake.Set();
            _thread.Join();
            _wake.Dispose();
        }

        private void Loop()
        {
            while (!_team._disposed)
            {
                long idleSince = Stopwatch.GetTimestamp();
                while (_team.TryRunPart(_number))
                    idleSince = Stopwatch.GetTimestamp();
                while (_spin && !HasWork() && Stopwatch.GetTimestamp() - idleSince < SpinTicks)
                    Thread.SpinWait(8);
                if (!HasWork())
                    Sleep();
            }
        }

        private bool HasWork() => Ticket.HasPart(Volatile.Read(ref _team._words.Ticket));

        private void Sleep()
        {
            Interlocked.Exchange(ref _asleep, 1);   // a full fence: the caller's new ticket is seen below, or it sees us asleep
            if ((HasWork() || _team._disposed) && Interlocked.Exchange(ref _asleep, 0) == 1)
                return;
            _wake.WaitOne();
        }
    }
}
