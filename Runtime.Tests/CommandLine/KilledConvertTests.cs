using System.Diagnostics;
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
    public void Convert_killed_leaves_the_old_file_or_none_and_the_next_one_clears_up()
    {
        byte[] old = [1, 2, 3];
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
            if (process.ExitCode == 0)
                Assert.True(new FileInfo(_weights).Length > 32_000_000);
            else if (i % 2 == 0)
                Assert.Equal(old, File.ReadAllBytes(_weights));
            else
                Assert.False(File.Exists(_weights));
        }
        Command.Run("convert", _checkpoint, _weights, "--force").Succeeded();
        Assert.Equal([_weights], Directory.GetFileSystemEntries(_folder.File("out")));
        Command.Run("inspect", _weights, "--check").Succeeded();
    }

    [UnixFact]
    public void Convert_interrupted_ends_with_130_and_leaves_nothing()
    {
        foreach ((string signal, int number) in new[] { ("INT", 2), ("TERM", 15), ("HUP", 1) })
        {
            // It may be done before the signal arrives, on a fast disk.
            for (int attempt = 0; attempt < 20; attempt++)
            {
                File.Delete(_weights);
                using Process process = StartAndWaitForPartialFile();
                process.Signal(signal);
                Assert.True(process.WaitForExit(60_000));
                Assert.Empty(Directory.GetFiles(_folder.File("out"), Partial));
                Assert.Equal(process.ExitCode == 0, File.Exists(_weights));
                if (process.ExitCode == 0 && attempt < 19)
                    continue;
                Assert.Equal(128 + number, process.ExitCode);
                break;
            }
        }
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
