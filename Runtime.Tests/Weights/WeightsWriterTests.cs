using System.Diagnostics;
using MyGpt.Runtime.Tests.CommandLine;
using MyGpt.Runtime.Weights;
using static MyGpt.Runtime.Tests.Weights.TinyFile;

namespace MyGpt.Runtime.Tests.Weights;

public class WeightsWriterTests
{
    [Fact]
    public void Write_then_open_returns_sections_of_any_shape()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = folder.File("a.bin");
        SectionSource[] sections =
        [
            Source("bytes", ElementType.U8, [3]), Source("nothing", ElementType.U32, [0]), Source("no.rows", ElementType.F32, [0, 7]),
            Source("one", ElementType.Bf16, [1]), Source("line", ElementType.U8, [64]), Source("matrix", ElementType.F32, [5, 3]),
            Source(new string('~', 128), ElementType.U8, [65]), Source("no.columns", ElementType.F32, [7, 0]),
        ];
        WeightsWriter.Write(path, Header(), sections, overwrite: false);

        using WeightsFile file = WeightsFile.Open(path);
        file.VerifyChecksums();
        Assert.Equal(sections.Select(section => section.Name), file.Sections.Select(section => section.Name));
        Assert.Equal(sections.Select(section => section.Type), file.Sections.Select(section => section.Type));
        Assert.Equal(sections.SelectMany(section => section.Shape), file.Sections.SelectMany(section => section.Shape));
        Assert.All(file.Sections, section => Assert.Equal(0, section.Offset % 64));
        foreach (SectionInfo section in file.Sections)
            Assert.Equal(Content(section.Name, section.Length), file.Bytes(section.Name, section.Type, [.. section.Shape]).ToArray());
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public void Write_twice_gives_the_same_bytes()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        SectionSource[] whole = [Source("a", ElementType.F32, [1000]), Source("b", ElementType.U8, [77, 3])];
        SectionSource[] inPieces = [.. whole.Select(section => section with { Write = stream => WriteInPieces(section.Write, stream) })];
        WeightsWriter.Write(folder.File("1.bin"), Header(), whole, overwrite: false);
        WeightsWriter.Write(folder.File("2.bin"), Header(), inPieces, overwrite: false);
        Assert.Equal(File.ReadAllBytes(folder.File("1.bin")), File.ReadAllBytes(folder.File("2.bin")));
    }

    [Fact]
    public void Write_existing_file_without_overwrite_is_refused_before_anything_is_written()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = OldFileIn(folder);
        SectionSource section = Source("a", ElementType.U8, [3]) with { Write = _ => Assert.Fail("must not be called") };
        IOException exception = Assert.Throws<IOException>(() => WeightsWriter.Write(path, Header(), [section], overwrite: false));
        Assert.Equal($"'{path}' exists already.", exception.Message);
        AssertOldFileAlone(folder, path);
    }

    [Fact]
    public void Write_file_that_appears_meanwhile_is_not_replaced()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = folder.File("weights.bin");
        SectionSource section = Source("a", ElementType.U8, [3]) with
        {
            Write = stream =>
            {
                stream.Write([1, 1, 1]);
                OldFileIn(folder);
            },
        };
        Assert.Throws<IOException>(() => WeightsWriter.Write(path, Header(), [section], overwrite: false));
        AssertOldFileAlone(folder, path);
    }

    [Fact]
    public void Write_with_overwrite_replaces_the_file_at_the_end()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = OldFileIn(folder);
        SectionSource section = Source("a", ElementType.U8, [3]) with
        {
            Write = stream =>
            {
                stream.Write([1, 1, 1]);
                Assert.Equal(OldFile, File.ReadAllBytes(path));
            },
        };
        WeightsWriter.Write(path, Header(), [section], overwrite: true);
        WeightsFile.Open(path).Dispose();
        Assert.Single(Directory.GetFileSystemEntries(folder.FullPath));
    }

    [Fact]
    public void Write_over_a_mapped_file_leaves_the_mapping_as_it_was()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = folder.File("weights.bin");
        WeightsWriter.Write(path, Header(), [Source("a", ElementType.U8, [300])], overwrite: false);
        using WeightsFile before = WeightsFile.Open(path);
        WeightsWriter.Write(path, Header(), [Source("b", ElementType.U8, [3])], overwrite: true);
        before.VerifyChecksums();
        Assert.Equal(Content("a", 300), before.Bytes("a", ElementType.U8, 300).ToArray());
    }

    [Fact]
    public void Write_through_a_symbolic_link_replaces_the_file_and_keeps_the_link()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = OldFileIn(folder);
        File.CreateSymbolicLink(folder.File("link.bin"), "weights.bin");
        WeightsWriter.Write(folder.File("link.bin"), Header(), [Source("a", ElementType.U8, [3])], overwrite: true);
        Assert.Equal("weights.bin", new FileInfo(folder.File("link.bin")).LinkTarget);
        WeightsFile.Open(path).Dispose();
    }

    [Fact]
    public void Write_with_a_failing_section_leaves_the_old_file_alone()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = OldFileIn(folder);
        SectionSource[] sections =
        [
            Source("a", ElementType.U8, [3_000_000]), Source("b", ElementType.U8, [3]) with { Write = _ => throw new TimeoutException() },
        ];
        Assert.Throws<TimeoutException>(() => WeightsWriter.Write(path, Header(), sections, overwrite: true));
        AssertOldFileAlone(folder, path);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(3_000_000)]
    public void Write_on_a_disk_that_fills_up_meanwhile_leaves_the_old_file_alone(int room)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = OldFileIn(folder);
        SectionSource section = Source("a", ElementType.U8, [3_000_001]) with
        {
            Write = stream =>
            {
                stream.Write(new byte[room]);
                throw new IOException("No space left on device", 28);
            },
        };
        string message = Assert.Throws<IOException>(() => WeightsWriter.Write(path, Header(), [section], overwrite: true)).Message;
        Assert.Equal($"'{path}' cannot be written: the disk is full (3.0 MB needed)", message);
        AssertOldFileAlone(folder, path);
    }

    [Fact]
    public void Write_removes_what_killed_writers_left_and_nothing_else()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string[] others = [".mygpt-1.partial.txt", "mygpt-2.partial", ".mygpt-3"];
        foreach (string name in others.Append(".mygpt-4.partial").Append(".mygpt-5.partial").Append(".mygpt-6.partial"))
            File.WriteAllBytes(folder.File(name), OldFile);
        File.WriteAllBytes(folder.File(".mygpt-7.partial"), []);   // killed before it wrote anything
        foreach (string name in Directory.GetFiles(folder.FullPath))
            File.SetLastWriteTimeUtc(name, DateTime.UtcNow.AddHours(-25));
        using (new FileStream(folder.File(".mygpt-5.partial"), FileMode.Open, FileAccess.Write, FileShare.None))   // its writer lives
            WeightsWriter.Write(folder.File("weights.bin"), Header(), [Source("a", ElementType.U8, [3])], overwrite: false);
        Assert.Equal(
            others.Append(".mygpt-5.partial").Append("weights.bin").Order(StringComparer.Ordinal),
            Directory.GetFileSystemEntries(folder.FullPath).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Write_leaves_a_file_without_a_lock_to_its_writer_unless_that_is_gone()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string elsewhere = folder.File(".mygpt-1.partial");   // from a machine of another name
        SectionSource section = Source("a", ElementType.U8, [3]);
        string own = "", dead = "";
        WeightsWriter.Write(folder.File("1.bin"), Header(), [section with { Write = WriteBesideOthers }], overwrite: false);
        Assert.True(File.Exists(own));
        Assert.True(File.Exists(elsewhere));
        Assert.False(File.Exists(dead));

        // The same process writes a second file, on a file system without locks.
        void WriteBesideOthers(Stream stream)
        {
            string mine = Directory.GetFiles(folder.FullPath, "*.partial").Single();
            own = mine.Replace(".partial", "0.partial", StringComparison.Ordinal);
            dead = own.Replace($"-{Environment.ProcessId}-", $"-{int.MaxValue}-", StringComparison.Ordinal);
            foreach (string name in (string[])[own, dead, elsewhere])
                File.WriteAllBytes(name, OldFile);
            WeightsWriter.Write(folder.File("2.bin"), Header(), [section], overwrite: false);
            section.Write(stream);
        }
    }

    [UnixFact]
    public async Task Write_beside_a_pipe_that_is_called_like_a_leftover_does_not_wait_for_it()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string pipe = folder.File(".mygpt-1.partial");
        using (Process mkfifo = Process.Start("mkfifo", [pipe]))
            await mkfifo.WaitForExitAsync();
        await Task.Run(() => WeightsWriter.Write(folder.File("a.bin"), Header(), [Source("a", ElementType.U8, [3])], overwrite: false))
            .WaitAsync(CommandProcess.Patience);
        Assert.True(File.Exists(pipe));
    }

    [Fact]
    public void Write_where_no_file_can_be_says_why()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        SectionSource[] sections = [Source("a", ElementType.U8, [3])];
        Assert.Throws<DirectoryNotFoundException>(() => WeightsWriter.Write(folder.File("no/a.bin"), Header(), sections, overwrite: true));
        Assert.Throws<IOException>(() => WeightsWriter.Write(folder.FullPath, Header(), sections, overwrite: true));
        if (OperatingSystem.IsLinux())
            Assert.Throws<IOException>(() => WeightsWriter.Write("/dev/null", Header(), sections, overwrite: true));
    }

    [Fact]
    public void Write_larger_than_the_disk_fails_at_once_and_leaves_nothing()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        SectionSource section = new("a", ElementType.U8, [int.MaxValue, int.MaxValue], _ => throw new TimeoutException("must not be called"));
        Exception? exception = Record.Exception(() => WeightsWriter.Write(folder.File("a.bin"), Header(), [section], overwrite: true));
        string message = Assert.IsAssignableFrom<IOException>(exception).Message;
        Assert.Equal($"'{folder.File("a.bin")}' cannot be written: the disk is full (4611686014132.4 MB needed)", message);
        Assert.Empty(Directory.GetFileSystemEntries(folder.FullPath));
    }

    private static void WriteInPieces(Action<Stream> write, Stream stream)
    {
        using MemoryStream whole = new();
        write(whole);
        ReadOnlySpan<byte> rest = whole.ToArray();
        for (int length = 1; rest.Length > 0; length = (length * 2) % 101)
        {
            int piece = Math.Min(length, rest.Length);
            stream.Write(rest[..piece]);
            rest = rest[piece..];
        }
    }
}
