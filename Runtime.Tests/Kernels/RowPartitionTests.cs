using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Tests.Kernels;

public unsafe class RowPartitionTests
{
    private const long Small = 1, Medium = RowPartition.SerialWork, Sizable = 100 * Medium, Large = RowPartition.PooledWork;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Run_does_every_row_once_in_parts_that_begin_at_the_grain(int threads)
    {
        using var partition = new RowPartition(threads, processors: 64);   // more threads than this machine can run at a time
        foreach (long work in new[] { Small, Medium, Sizable, Large })
        {
            foreach (int rows in new[] { 0, 1, 2, 3, 4, 5, 8, 31, 64, 1000, 50257 })
            {
                int[] done = new int[rows + 1];
                int misaligned = 0, badWorker = 0;
                partition.BeginCall(isPrompt: work == Large);
                fixed (int* counts = done)
                    partition.Run(new Count(counts, grain: 4, rows, threads, &misaligned, &badWorker), rows, grain: 4, work);
                Assert.All(done[..rows], count => Assert.Equal(1, count));
                Assert.Equal(0, done[rows]);
                Assert.Equal(0, misaligned);
                Assert.Equal(0, badWorker);
            }
        }
    }

    [Theory]
    [InlineData(2, 590_000, 2)]
    [InlineData(2, 799_999, 2)]
    [InlineData(2, 800_000, 4)]
    [InlineData(2, 1_600_000, 8)]
    [InlineData(2, 40_000_000, 8)]
    [InlineData(8, 1_600_000, 8)]
    [InlineData(8, 40_000_000, 32)]
    [InlineData(16, 40_000, 8)]
    public void Run_cuts_short_work_into_one_part_per_worker_and_long_work_into_four(int threads, long work, int parts)
    {
        using var partition = new RowPartition(threads, processors: 64);
        partition.BeginCall(isPrompt: true);   // always the team
        int runs = 0;
        partition.Run(new Runs(&runs), rows: 1000, grain: 4, work);
        Assert.Equal(parts, runs);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 1)]
    [InlineData(3, 64)]
    [InlineData(7, 64)]
    [InlineData(7, 2)]
    public void Team_survives_many_short_regions(int workers, int processors)
    {
        // More spinning workers than this machine has processors, and more workers than may be awake.
        using var team = new WorkerTeam(workers, processors);
        long total = 0;
        for (int region = 1; region <= 3000; region++)
        {
            long sum = 0;
            team.Run(&sum, &AddPart, new Cut(rows: 40, grain: 1, parts: 1 + region % 9));
            total += sum;
            if (region % 500 == 0)
                Thread.Sleep(1);   // long enough for the workers to fall asleep
        }
        Assert.Equal(3000L * 40 * 39 / 2, total);
    }

    [Theory]
    [InlineData(2, 64)]
    [InlineData(8, 64)]
    [InlineData(8, 2)]
    [InlineData(8, 1)]
    public void Run_does_every_row_once_whether_the_workers_keep_up_or_not(int threads, int processors)
    {
        using var partition = new RowPartition(threads, processors);
        const int rows = 40, regions = 600;
        int[] done = new int[rows];
        fixed (int* counts = done)
        {
            for (int region = 0; region < regions; region++)
            {
                if (region % 5 == 0)
                    partition.BeginCall(isPrompt: false);
                partition.Run(new Laggard(counts, isHeldUp: region / 100 % 2 == 0 && region % 10 == 0), rows, grain: 1, region % 2 == 0 ? Sizable : Medium);
            }
        }
        Assert.All(done, count => Assert.Equal(regions, count));
    }

    [Fact]
    public void Run_of_a_step_of_decoding_allocates_nothing_however_long_it_is()
    {
        using var partition = new RowPartition(threads: 2, processors: 64, pooledWork: Medium);
        Assert.InRange(AllocatedBy(isPrompt: true), 1, long.MaxValue);
        Assert.Equal(0, AllocatedBy(isPrompt: false));

        long AllocatedBy(bool isPrompt) => Allocations.Of(() =>
        {
            int runs = 0;
            partition.BeginCall(isPrompt);
            partition.Run(new Runs(&runs), rows: 1000, grain: 4, Sizable);
        });
    }

    [Fact]
    public void Run_survives_owners_that_come_and_go()
    {
        long total = 0;
        Parallel.For(0, 8, _ =>
        {
            for (int life = 0; life < 20; life++)
            {
                using var partition = new RowPartition(threads: 3, processors: 64);
                int[] done = new int[40];
                fixed (int* counts = done)
                {
                    for (int region = 0; region < life; region++)
                        partition.Run(new Laggard(counts, isHeldUp: false), done.Length, grain: 1, Medium);
                }
                Interlocked.Add(ref total, done.Sum());
            }
        });
        Assert.Equal(8L * 40 * (19 * 20 / 2), total);
    }

    [Fact]
    public void Team_that_ended_refuses_work()
    {
        var team = new WorkerTeam(workers: 1, processors: 2);
        team.Dispose();
        team.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            long sum = 0;
            team.Run(&sum, &AddPart, new Cut(1, 1, 1));
        });
    }

    private static void AddPart(void* sum, int first, int end, int worker)
    {
        for (int row = first; row < end; row++)
            Interlocked.Add(ref *(long*)sum, row);
    }

    private readonly struct Runs(int* count) : IRowJob
    {
        private readonly int* _count = count;

        public void Run(int first, int end, int worker) => Interlocked.Increment(ref *_count);
    }

    // Workers, not the caller, lose their core in the middle of a part.
    private readonly struct Laggard(int* counts, bool isHeldUp) : IRowJob
    {
        private readonly int* _counts = counts;
        private readonly bool _isHeldUp = isHeldUp;

        public void Run(int first, int end, int worker)
        {
            if (_isHeldUp && worker != 0)
                Thread.Sleep(2);
            for (int row = first; row < end; row++)
                Interlocked.Increment(ref _counts[row]);
        }
    }

    private readonly struct Count(int* counts, int grain, int rows, int threads, int* misaligned, int* badWorker) : IRowJob
    {
        private readonly int* _counts = counts, _misaligned = misaligned, _badWorker = badWorker;
        private readonly int _grain = grain, _rows = rows, _threads = threads;

        public void Run(int first, int end, int worker)
        {
            if (first % _grain != 0 || (end % _grain != 0 && end != _rows))
                Interlocked.Increment(ref *_misaligned);
            if (worker < 0 || worker >= _threads)
                Interlocked.Increment(ref *_badWorker);
            for (int row = first; row < end; row++)
                Interlocked.Increment(ref _counts[row]);
        }
    }
}
