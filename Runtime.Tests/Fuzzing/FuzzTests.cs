using System.Globalization;
using Xunit.Abstractions;

namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>Mutated files for every reader: each is read and can be used, or is refused by an error of ours. CONTRIBUTING.md says how to run more.</summary>
public class FuzzTests(ITestOutputHelper output)
{
    private const long DefaultExecutions = 100_000;

    private static readonly char[] Comma = [','];

    [Fact]
    public void Mutated_files_are_refused_in_good_form_or_can_be_used()
    {
        IReadOnlyList<FuzzReader> readers = Chosen();
        int threads = (int)Number("FUZZ_THREADS", Environment.ProcessorCount);
        FuzzReport report = new Fuzzer(readers, Number("FUZZ_EXECUTIONS", DefaultExecutions), Number("FUZZ_SEED", 1), threads).Run();

        output.WriteLine(report.ToString());
        if (Environment.GetEnvironmentVariable("FUZZ_REPORT") is { Length: > 0 } path)
        {
            File.WriteAllText(path, report.ToString());
            File.WriteAllLines(path + ".kinds", report.Kinds());
        }
        Assert.True(report.Faults.Count == 0, $"{string.Join('\n', report.Faults)}\nsee one again with FUZZ_REPLAY='READER:SEED'");
    }

    [Fact]
    public void Replay_one_execution()
    {
        if (Environment.GetEnvironmentVariable("FUZZ_REPLAY") is not { Length: > 0 } execution)
            return;
        int colon = execution.LastIndexOf(':');
        FuzzReader reader = FuzzReaders.All.Single(known => known.Name == execution[..colon]);
        using TemporaryFolder folder = TestFiles.NewFolder();
        (Verdict verdict, long allocated) = Execution.Run(reader, ulong.Parse(execution[(colon + 1)..], CultureInfo.InvariantCulture), folder.FullPath,
            () => Keep(folder.FullPath));
        output.WriteLine($"{verdict}, {allocated} bytes allocated");
        Assert.Null(verdict.Fault);
    }

    [Fact]
    public void Every_seed_is_accepted_as_it_is()
    {
        foreach (FuzzReader reader in FuzzReaders.All)
        {
            for (int i = 0; i < reader.Seeds.Count; i++)
            {
                using TemporaryFolder folder = TestFiles.NewFolder();
                foreach (FuzzFile file in reader.Seeds[i].Files)
                    File.WriteAllBytes(folder.File(file.Name), file.Bytes);
                Exception? error = Record.Exception(() => reader.Read(folder.File(reader.Seeds[i].Files[0].Name), new FuzzRandom(1))());
                Assert.True(error is null, $"{reader.Name}, seed {i}: {error}");
            }
        }
    }

    [Fact]
    public void An_execution_follows_from_its_number()
    {
        foreach (FuzzReader reader in FuzzReaders.All)
        {
            byte[] first = Mutated(reader, 7), again = Mutated(reader, 7), other = Mutated(reader, 8);
            Assert.Equal(first, again);
            Assert.NotEqual(first, other);
        }
    }

    [Theory]
    [InlineData("CheckpointException", "x.pt: no", null)]
    [InlineData("CheckpointException", "no", "does not name the file")]
    [InlineData("CheckpointException", "x.pt: \u001B[2J", "not one plain line")]
    [InlineData("CheckpointException", "", "0 characters")]
    [InlineData("OverflowException", "x.pt: no", "none of ours")]
    public void Verdict_of_an_exception(string type, string message, string? fault)
    {
        Exception error = type == "OverflowException" ? new OverflowException(message) : new MyGpt.Checkpoints.CheckpointException(message);
        Verdict verdict = Verdict.Of(error, ["x.pt"]);
        Assert.False(verdict.IsAccepted);
        if (fault is null)
            Assert.Null(verdict.Fault);
        else
            Assert.Contains(fault, verdict.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Faults_hangs_and_memory_are_found()
    {
        FuzzReport report = new Fuzzer([new Misbehaving(seed => seed % 2 == 0 ? throw new OverflowException() : 0)], 10, 1, threads: 2).Run();
        Assert.Equal(5, report.Tallies["misbehaving"].Faulty);
        report = new Fuzzer([new Misbehaving(seed => new byte[seed == 3 ? 80_000_000 : 1].Length)], 4, 1, threads: 1).Run();
        Assert.Contains("misbehaving:3: 80", Assert.Single(report.Faults), StringComparison.Ordinal);
        using ManualResetEventSlim never = new();
        report = new Fuzzer([new Misbehaving(seed => never.Wait(TimeSpan.FromMinutes(1)) ? 0 : 1)], 4, 1, threads: 1)
        {
            LongestExecution = TimeSpan.FromSeconds(1),
        }.Run();
        Assert.Contains("misbehaving:1: hangs", Assert.Single(report.Faults), StringComparison.Ordinal);
        never.Set();
    }

    [Fact]
    public void An_execution_that_is_held_up_once_is_no_hang()
    {
        using ManualResetEventSlim again = new();
        int first = 0;
        int Read(ulong number)
        {
            if (Interlocked.Exchange(ref first, 1) == 0)
                again.Wait();       // until the same is run once more
            else
                again.Set();
            return 0;
        }
        FuzzReport report = new Fuzzer([new Misbehaving(Read)], 4, 1, threads: 1) { LongestExecution = TimeSpan.FromSeconds(2) }.Run();
        Assert.Empty(report.Faults);
        Assert.Equal(4, report.Tallies["misbehaving"].Executions);
    }

    [Fact]
    public void Time_in_which_nobody_watched_does_not_count()
    {
        var clock = new SettableClock();
        var time = new WatchedTime(clock);
        long began = time.Now;
        for (int i = 0; i < 20; i++)
            Pass(TimeSpan.FromMilliseconds(50));
        Assert.Equal(TimeSpan.FromSeconds(1), time.Since(began));
        Pass(TimeSpan.FromMinutes(1));      // the process was stopped
        Assert.Equal(TimeSpan.FromSeconds(1) + WatchedTime.LongestStep, time.Since(began));

        void Pass(TimeSpan step)
        {
            clock.Now += step;
            time.Pass();
        }
    }

    private static byte[] Mutated(FuzzReader reader, ulong seed) =>
        [.. Mutations.Mutator.Mutate(reader.Seeds, new FuzzRandom(seed)).SelectMany(file => file.Bytes)];

    private static IReadOnlyList<FuzzReader> Chosen() => Environment.GetEnvironmentVariable("FUZZ_READERS") is { Length: > 0 } names
        ? [.. FuzzReaders.All.Where(reader => names.Split(Comma).Contains(reader.Name))] : FuzzReaders.All;

    private static long Number(string variable, long otherwise) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } number
        ? long.Parse(number, CultureInfo.InvariantCulture) : otherwise;

    // The input as it is read, for a look at it: beside the report.
    private static void Keep(string folder)
    {
        if (Environment.GetEnvironmentVariable("FUZZ_REPORT") is not { Length: > 0 } report)
            return;
        foreach (string file in Directory.EnumerateFiles(folder))
            File.Copy(file, $"{report}.{Path.GetFileName(file)}", overwrite: true);
    }

    private sealed class Misbehaving(Func<ulong, int> read)
        : FuzzReader("misbehaving", () => [new FuzzSeed(new FuzzFile("x", PartKind.Binary, [1, 2, 3]))])
    {
        private ulong _seed;

        public override Action Read(string path, FuzzRandom random)
        {
            read(Interlocked.Increment(ref _seed));
            return static () => { };
        }
    }

    private sealed class SettableClock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
