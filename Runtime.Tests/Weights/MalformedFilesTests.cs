using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

public sealed class MalformedFilesTests
{
    private const long MostAllocatedBytes = 8 << 20;

    public static TheoryData<string> Causes => [.. MalformedFiles.All.Select(file => file.Cause)];

    [Fact]
    public void Forge_without_damage_opens()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("valid.bin"), new FileForge().Bytes());
        using ModelFile model = ModelFile.Open(folder.File("valid.bin"));
        model.File.VerifyChecksums();
    }

    [Theory]
    [MemberData(nameof(Causes))]
    public void Open_malformed_file_names_the_part(string cause)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        MalformedFile malformed = MalformedFiles.All.Single(file => file.Cause == cause);
        string path = folder.File("bad.bin");
        File.WriteAllBytes(path, malformed.Make());

        string message = AssertRefused(path);

        Assert.StartsWith($"'{path}': ", message, StringComparison.Ordinal);
        Assert.Contains(malformed.Part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_truncated_at_any_byte_is_refused()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = folder.File("cut.bin");
        File.WriteAllBytes(path, new FileForge().Bytes());
        using FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        for (long length = file.Length - 1; length >= 0; length--)
        {
            file.SetLength(length);
            AssertRefused(path);
        }
    }

    [Fact]
    public void Open_with_any_header_byte_changed_opens_or_is_refused()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = folder.File("flipped.bin");
        byte[] valid = new FileForge(room: 0).Bytes();
        int headerEnd = valid.Length - new FileForge().Body.Length;
        Random random = new(20);
        int refused = 0;
        for (int i = 0; i < headerEnd; i++)
        {
            byte[] file = [.. valid];
            file[i] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, file);
            try
            {
                ModelFile.Open(path).Dispose();
            }
            catch (WeightsFormatException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, headerEnd / 2, headerEnd);
    }

    private static string AssertRefused(string path)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception? exception = Record.Exception(() => ModelFile.Open(path).Dispose());
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        string message = Assert.IsType<WeightsFormatException>(exception).Message;
        Assert.DoesNotContain('\n', message);
        Assert.DoesNotContain('\r', message);
        Assert.InRange(message.Length, 1, 1000);
        Assert.InRange(allocated, 0, MostAllocatedBytes);
        return message;
    }
}
