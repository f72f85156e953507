using System.Diagnostics;
using System.Globalization;
using MyGpt.Runtime.Tests.Checkpoints;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>Ends a converting process while it writes, and looks at what it leaves. tools/stress/kill-convert.sh does so more often.</summary>
public sealed class KilledConvertTests : IDisposable
{
    private const string Partial = ".mygpt-*.partial";

    private readonly TemporaryFolder _folder = TestFiles.NewFolder(nameof(KilledConvertTests));
    private readonly string _checkpoint, _weights;

    // Large enough that the writing takes a while: 2^21 tokens of width 4 are 34 MB.
    public KilledConvertTests()
    {
        const int Tokens = 1 << 21;
        TinyCheckpoint checkpoint = new TinyCheckpoint().With("vocab_size", Tokens);
        checkpoint["transformer.wte.weight"] = checkpoint["lm_head.weight"] = new TestTensor
        {
            Data = new byte[Tokens * TinyCheckpoint.Width * sizeof(float)], Shape = [Tokens, TinyCheckpoint.Width],
        };
        Directory.CreateDirectory(_folder.File("out"));
        _checkpoint = _folder.File("ckpt.pt");
        _weights = _folder.File("out/w.bin");
        File.WriteAllBytes(_checkpoint, checkpoint.ToArray());
    }

    public void Dispose() => _folder.Dispose();

    [UnixFact]
    public void Convert_killed_leaves_the_old_file_or_none_or_all_of_the_new_one_and_the_next_one_clears_up()
    {
        byte[] old = [1, 2, 3], whole = Whole();
        var random = new Random(1);
        for (int i = 0; i < 10; i++)
        {
            File.Delete(_weights);
            if (i % 2 == 0)
                File.WriteAllBytes(_weights, old);
            using Process process = StartAndWaitForPartialFile("--force");
            Thread.Sleep(random.Next(20));
            process.Kill();
            process.WaitForExit();

            Assert.InRange(Directory.GetFiles(_folder.File("out"), Partial).Length, 0, 1);   // never those of two
            AssertOldOrWhole(i % 2 == 0 ? old : null, whole, mustBeWhole: process.ExitCode == 0);
        }
        Command.Run("convert", _checkpoint, _weights, "--force").Succeeded();
        Assert.Equal([_weights], Directory.GetFileSystemEntries(_folder.File("out")));
        Command.Run("inspect", _weights, "--check").Succeeded();
    }

    [UnixFact]
    public void Convert_interrupted_ends_with_130_and_leaves_nothing_or_all_of_the_new_file()
    {
        byte[] whole = Whole();
        foreach ((string signal, int number) in new[] { ("INT", 2), ("TERM", 15), ("HUP", 1) })
        {
            if (IsIgnored(number))
                continue;   // nohup: whoever started the tests wants what they start to go on
            // It may be done before the signal arrives, on a fast disk.
            for (int attempt = 0; attempt < 20; attempt++)
            {
                File.Delete(_weights);
                using Process process = StartAndWaitForPartialFile();
                process.Signal(signal);
                Assert.True(process.WaitForExit(CommandProcess.Patience));
                Assert.Empty(Directory.GetFiles(_folder.File("out"), Partial));
                AssertOldOrWhole(old: null, whole, mustBeWhole: process.ExitCode == 0);
                if (process.ExitCode == 0 && attempt < 19)
                    continue;
                Assert.Equal(128 + number, process.ExitCode);
                break;
            }
        }
    }

    // A signal that a process ignores is ignored by the processes that it starts.
    private static bool IsIgnored(int number)
    {
        const string Status = "/proc/self/status", Field = "SigIgn:";
        if (!File.Exists(Status))
            return false;
        string mask = File.ReadLines(Status).First(line => line.StartsWith(Field, StringComparison.Ordinal))[Field.Length..];
        return (ulong.Parse(mask, NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) >> (number - 1) & 1) != 0;
    }

    private byte[] Whole()
    {
        Command.Run("convert", _checkpoint, _weights).Succeeded();
        byte[] whole = File.ReadAllBytes(_weights);
        Assert.True(whole.Length > 32_000_000);
        return whole;
    }

    // A process may be ended after it has given the new file its name and before it says so: its exit code alone proves nothing about an old file.
    private void AssertOldOrWhole(byte[]? old, byte[] whole, bool mustBeWhole)
    {
        byte[]? found = File.Exists(_weights) ? File.ReadAllBytes(_weights) : null;
        bool isWhole = found is not null && found.AsSpan().SequenceEqual(whole);
        bool isOld = old is null ? found is null : found is not null && found.AsSpan().SequenceEqual(old);
        Assert.True(isWhole || (isOld && !mustBeWhole), found is null ? "no file" : $"{found.Length} bytes, neither the old file nor the new one");
    }

    private Process StartAndWaitForPartialFile(params string[] options)
    {
        string[] leftovers = Directory.GetFiles(_folder.File("out"), Partial);
        Process process = CommandProcess.Start(["convert", _checkpoint, _weights, .. options]);
        while (!process.HasExited && !Directory.GetFiles(_folder.File("out"), Partial).Except(leftovers).Any())
            Thread.Sleep(1);
        return process;
    }
}
