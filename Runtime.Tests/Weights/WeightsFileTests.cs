using System.Diagnostics;
using System.IO.Pipes;
using System.Runtime.CompilerServices;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.CommandLine;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

public sealed class WeightsFileTests
{
    [Fact]
    public void Open_missing_file_says_so()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Assert.Equal(folder.File("no.bin"), Assert.Throws<FileNotFoundException>(() => WeightsFile.Open(folder.File("no.bin"))).FileName);
        Assert.ThrowsAny<IOException>(() => WeightsFile.Open(folder.File("no/no.bin")));
    }

    [Fact]
    public void Open_folder_says_so()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Assert.Contains("is a folder", Assert.Throws<IOException>(() => WeightsFile.Open(folder.FullPath)).Message, StringComparison.Ordinal);
        Assert.Throws<IOException>(() => WeightsFile.IsWeightsFile(folder.FullPath));
    }

    [Fact]
    public void Open_device_is_refused()
    {
        if (OperatingSystem.IsWindows())
            return;
        string message = Assert.Throws<IOException>(() => WeightsFile.Open("/dev/zero")).Message;
        Assert.Equal("'/dev/zero' is a pipe or a device, which cannot be read at any offset; save it as a file first.", message);
        Assert.Throws<IOException>(() => WeightsFile.IsWeightsFile("/dev/zero"));
    }

    [Fact]
    public async Task Open_pipe_is_refused_without_waiting_for_a_writer()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = TestFiles.NewFolder();
        string pipe = folder.File("pipe");
        using (Process mkfifo = Process.Start("mkfifo", [pipe]))
            await mkfifo.WaitForExitAsync();
        File.CreateSymbolicLink(folder.File("link"), pipe);
        foreach (string path in new[] { pipe, folder.File("link") })
        {
            Task open = Task.Run(() => WeightsFile.Open(path).Dispose());
            Assert.Same(open, await Task.WhenAny(open, Task.Delay(CommandProcess.Patience)));
            Assert.Contains("is a pipe or a device", (await Assert.ThrowsAsync<IOException>(() => open)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_standard_input_from_a_pipe_is_refused()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        string path = $"/dev/fd/{pipe.GetClientHandleAsString()}";
        Assert.Contains($"'{path}' is a pipe or a device", Assert.Throws<IOException>(() => WeightsFile.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_a_relative_link_in_the_current_folder_works()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = TestFiles.NewFolder();
        TinyModels.Write(folder.File("a.bin"), TinyModels.Config);
        string link = $"relative-{Guid.NewGuid():N}.lnk";
        File.CreateSymbolicLink(link, folder.File("a.bin"));
        try
        {
            WeightsFile.Open(link).Dispose();
            Assert.True(WeightsFile.IsWeightsFile(link));
        }
        finally
        {
            File.Delete(link);
        }
    }

    [Fact]
    public void Open_through_a_symbolic_link_works()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = TestFiles.NewFolder();
        TinyModels.Write(folder.File("a.bin"), TinyModels.Config);
        File.CreateSymbolicLink(folder.File("link.bin"), "a.bin");
        WeightsFile.Open(folder.File("link.bin")).Dispose();
        Assert.True(WeightsFile.IsWeightsFile(folder.File("link.bin")));
    }

    [Fact]
    public void IsWeightsFile_looks_at_the_magic_only()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("damaged.bin"), [.. new FileForge().Bytes()[..8], 1, 2, 3]);
        File.WriteAllText(folder.File("text.txt"), "some text, longer than the magic");
        File.WriteAllText(folder.File("short.txt"), "abc");
        File.WriteAllText(folder.File("empty.txt"), "");
        Assert.True(WeightsFile.IsWeightsFile(folder.File("damaged.bin")));
        Assert.False(WeightsFile.IsWeightsFile(folder.File("text.txt")));
        Assert.False(WeightsFile.IsWeightsFile(folder.File("short.txt")));
        Assert.False(WeightsFile.IsWeightsFile(folder.File("empty.txt")));
    }

    [Fact]
    public void Open_message_of_a_path_with_a_line_break_stays_on_one_line()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("a\nb.bin"), "text");
        string message = Assert.Throws<WeightsFormatException>(() => WeightsFile.Open(folder.File("a\nb.bin"))).Message;
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void VerifyChecksums_names_the_section_with_a_changed_byte()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = folder.File("changed.bin");
        foreach (SectionInfo section in Sections())
        {
            byte[] file = new FileForge().Bytes();
            file[section.Offset + section.Length - 1] ^= 0x10;
            File.WriteAllBytes(path, file);
            using WeightsFile weights = WeightsFile.Open(path);
            string message = Assert.Throws<WeightsFormatException>(weights.VerifyChecksums).Message;
            Assert.StartsWith($"'{path}': section '{section.Name}': CRC-32C ", message, StringComparison.Ordinal);
            Assert.EndsWith($" found, {section.Checksum:x8} needed", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void VerifyChecksums_finds_a_byte_in_the_padding_between_sections()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = folder.File("changed.bin");
        SectionInfo[] sections = Sections();
        for (int i = 1; i < sections.Length; i++)
        {
            if (sections[i - 1].Offset + sections[i - 1].Length == sections[i].Offset)
                continue;
            byte[] file = new FileForge().Bytes();
            file[sections[i].Offset - 1] = 1;
            File.WriteAllBytes(path, file);
            using WeightsFile weights = WeightsFile.Open(path);
            string message = Assert.Throws<WeightsFormatException>(weights.VerifyChecksums).Message;
            Assert.Contains($"section '{sections[i].Name}': the byte at offset {sections[i].Offset - 1} ", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Tensor_of_wrong_name_type_or_shape_is_refused()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("a.bin"), new FileForge().Bytes());
        using WeightsFile file = WeightsFile.Open(folder.File("a.bin"));
        AssertRefused("section 'wte': missing; shape (300, 6) needed", () => file.Tensor("wte", 300, 6));
        AssertRefused("section 'token_embedding': shape (300, 6) found, (6, 300) needed", () => file.Tensor("token_embedding", 6, 300));
        AssertRefused("section 'token_embedding': shape (300, 6) found, (1800) needed", () => file.Vector("token_embedding", 1800));
        AssertRefused("section 'final_norm.weight': shape (6) found, (1, 6) needed", () => file.Tensor("final_norm.weight", 1, 6));
        AssertRefused("section 'tokenizer.merges': type u32 found, f32, bf16, q8 or q4 needed", () => file.Tensor("tokenizer.merges", 2, 3));
        AssertRefused("section 'tokenizer.offsets': type u32 found, f32 needed", () => file.Vector("tokenizer.offsets", 260));
        AssertRefused("section 'tokenizer.bytes': type u8 found, u32 needed", () => _ = file.Bytes("tokenizer.bytes", ElementType.U32, -1));
        AssertRefused(
            "section 'tokenizer.merges': shape (2, 3) found, (any, 4) needed",
            () => _ = file.Bytes("tokenizer.merges", ElementType.U32, -1, 4));
    }

    [Fact]
    public void Dispose_ends_views_and_tables_with_an_exception()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("a.bin"), new FileForge().Bytes());
        WeightsFile file = WeightsFile.Open(folder.File("a.bin"));
        ReadOnlyMemory<byte> table = file.Bytes("tokenizer.bytes", ElementType.U8, -1);
        Assert.Equal((byte)1, table.Span[1]);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => table.Span[1]);
        Assert.Throws<ObjectDisposedException>(() => table.Pin());
        Assert.Throws<ObjectDisposedException>(() => file.Tensor("token_embedding", 300, 6));
        Assert.Throws<ObjectDisposedException>(file.VerifyChecksums);
    }

    [Fact]
    public unsafe void View_keeps_the_mapping_when_the_file_object_is_forgotten()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = TinyModels.Write(folder.File("a.bin"), TinyModels.Config);
        TensorSpec spec = TensorSpec.For(TinyModels.Config).First();
        TensorView[] views = [ViewOf(path, spec)];
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Equal(TinyModels.Values(spec, seed: 1)[0], *(float*)views[0].Data);
        GC.KeepAlive(views);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TensorView ViewOf(string path, TensorSpec spec) => WeightsFile.Open(path).Tensor(spec.Name, spec.Rows, spec.Columns);

    private static SectionInfo[] Sections()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("a.bin"), new FileForge().Bytes());
        using WeightsFile file = WeightsFile.Open(folder.File("a.bin"));
        return [.. file.Sections];
    }

    private static void AssertRefused(string problem, Action action) =>
        Assert.EndsWith(problem, Assert.Throws<WeightsFormatException>(action).Message, StringComparison.Ordinal);
}
