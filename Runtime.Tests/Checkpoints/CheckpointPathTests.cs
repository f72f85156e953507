using MyGpt.Checkpoints;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class CheckpointPathTests
{
    [Theory]
    [InlineData("model.safetensors", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")]
    [InlineData("model.safetensors.index.json", "model.safetensors.index.json", "pytorch_model.bin", "a.pt")]
    [InlineData("pytorch_model.bin", "pytorch_model.bin", "pytorch_model.bin.index.json", "optimizer.pt")]
    [InlineData("pytorch_model.bin.index.json", "pytorch_model.bin.index.json", "config.json")]
    [InlineData("ckpt.pt", "ckpt.pt", "other.pt", "meta.pkl")]
    public void Resolve_prefers_the_names_that_libraries_look_for(string expected, params string[] files)
    {
        using TemporaryFolder folder = Folder(files);
        Assert.Equal(folder.File(expected), CheckpointPath.Resolve(folder.FullPath).File);
        Assert.Equal(folder.File(expected), CheckpointPath.Resolve(folder.FullPath + Path.DirectorySeparatorChar).File);
    }

    [Theory]
    [InlineData("run.pt")]
    [InlineData("RUN.CKPT")]
    [InlineData("model-v2.pth")]
    public void Resolve_takes_the_only_checkpoint_whatever_else_is_there(string name)
    {
        using TemporaryFolder folder = Folder(name, "notes.txt", "config.json", "train.py", "meta.pkl");
        File.WriteAllBytes(folder.File("logits.bin"), new byte[100]);
        File.WriteAllText(folder.File("log.pt"), "not a checkpoint");
        Directory.CreateDirectory(folder.File("old.pt"));
        Assert.Equal(folder.File(name), CheckpointPath.Resolve(folder.FullPath).File);
    }

    [Fact]
    public void Resolve_leaves_a_file_and_what_is_not_there_alone()
    {
        using TemporaryFolder folder = Folder("a.pt");
        Assert.Equal(folder.File("a.pt"), CheckpointPath.Resolve(folder.File("a.pt")).File);
        Assert.Equal(folder.File("b.pt"), CheckpointPath.Resolve(folder.File("b.pt")).File);
    }

    [Fact]
    public void Resolve_follows_a_link_to_a_folder()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = Folder();
        Directory.CreateDirectory(folder.File("run"));
        File.WriteAllBytes(folder.File("run/ckpt.pt"), new TinyCheckpoint().ToArray());
        Directory.CreateSymbolicLink(folder.File("latest"), "run");
        Assert.Equal(folder.File("latest/ckpt.pt"), CheckpointPath.Resolve(folder.File("latest")).File);
    }

    [Theory]
    [InlineData("has 2 files that may be meant: 'a.pt', 'b.pt'; name one of them", "b.pt", "a.pt")]
    [InlineData("has 2 files that may be meant: 'model.safetensors', 'ckpt.pt'; name one of them", "ckpt.pt", "model.safetensors")]
    [InlineData("has 9 files that may be meant: 'a0.pt', 'a1.pt', 'a2.pt', 'a3.pt', 'a4.pt', 'a5.pt', 'a6.pt', 'a7.pt', ...;",
        "a0.pt", "a1.pt", "a2.pt", "a3.pt", "a4.pt", "a5.pt", "a6.pt", "a7.pt", "a8.pt")]
    [InlineData("has no checkpoint: neither model.safetensors, ", "notes.txt", "config.json")]
    public void Convert_of_a_folder_that_leaves_it_open_lists_what_is_there(string reason, params string[] files)
    {
        using TemporaryFolder folder = Folder(files);
        string message = Conversion.Refuse(folder.FullPath);
        Assert.StartsWith($"the folder '{folder.FullPath}' {reason}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_of_a_folder_without_a_checkpoint_names_its_JSON_files()
    {
        using TemporaryFolder folder = Folder("microgpt.json", "expected.json");
        Assert.Contains("one may be a microgpt model: 'expected.json', 'microgpt.json'", Conversion.Refuse(folder.FullPath), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_of_a_folder_with_hundreds_of_files_looks_into_none()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        for (int i = 0; i < 200; i++)
            File.WriteAllText(folder.File($"step{i}.pt"), "");
        Assert.Contains("has more than 64 files that may be meant", Conversion.Refuse(folder.FullPath), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_says_and_keeps_which_file_it_took()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Directory.CreateDirectory(folder.File("out"));
        File.WriteAllBytes(folder.File("out/ckpt.pt"), new TinyCheckpoint().ToArray());

        ConversionReport report = Converter.Convert(folder.File("out"), folder.File("w.bin"), new ConvertOptions());

        Assert.Equal("'ckpt.pt' in the folder 'out'", report.Of(ReportKind.Found)[0]);
        using ModelFile model = ModelFile.Open(folder.File("w.bin"));
        Assert.Contains("'ckpt.pt' in the folder 'out'", (string?)model.Description.Source["found"]![0], StringComparison.Ordinal);
        Assert.Equal("ckpt.pt", (string?)model.Description.Source["file"]);
        Assert.Contains(Converter.Describe(folder.File("out")).Lines, line => line.Text == "'ckpt.pt' in the folder 'out'");
        Assert.True(CheckpointSniffer.IsCheckpoint(folder.File("out")));
    }

    [Fact]
    public void Convert_says_which_files_of_a_folder_it_did_not_read()
    {
        using TemporaryFolder output = Folder("ckpt.pt", "step900.pt", "notes.txt");
        ConversionReport taken = Converter.Convert(output.FullPath, output.File("w.wb"), new ConvertOptions());
        Assert.Contains("other files of the folder, not read: 'step900.pt'", taken.Of(ReportKind.LeftOut));

        using TemporaryFolder folder = TestFiles.NewFolder();
        var tiny = new HuggingFace.TinyHuggingFace();
        tiny.Write(folder);
        tiny.WritePyTorch(folder);
        ConversionReport report = Converter.Convert(folder.FullPath, folder.File("w.bin"), new ConvertOptions());
        Assert.Contains("other files of the folder, not read: 'pytorch_model.bin'", report.Of(ReportKind.LeftOut));
    }

    private static TemporaryFolder Folder(params string[] files)
    {
        TemporaryFolder folder = TestFiles.NewFolder();
        foreach (string file in files)
            File.WriteAllBytes(folder.File(file), new TinyCheckpoint().ToArray());
        return folder;
    }
}
