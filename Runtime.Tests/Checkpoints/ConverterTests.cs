using System.Text;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Which files a conversion reads, writes and leaves alone.</summary>
public class ConverterTests
{
    [Fact]
    public void Convert_gives_the_same_bytes_every_time()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());

        Converter.Convert(folder.File("tiny.pt"), folder.File("a.bin"), new ConvertOptions());
        Converter.Convert(folder.File("tiny.pt"), folder.File("b.bin"), new ConvertOptions());

        Assert.Equal(File.ReadAllBytes(folder.File("a.bin")), File.ReadAllBytes(folder.File("b.bin")));
    }

    [Fact]
    public void Convert_keeps_where_the_weights_came_from_without_the_folder()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        using ModelFile model = Conversion.Convert(folder, new TinyCheckpoint().ToArray()).Model;

        string source = model.Description.Source.ToJsonString();
        Assert.Equal("nanoGPT", (string?)model.Description.Source["family"]);
        Assert.Equal("tiny.pt", (string?)model.Description.Source["file"]);
        Assert.DoesNotContain(Path.GetFileName(folder.FullPath), source, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_replaces_a_file_only_when_told()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());
        File.WriteAllText(folder.File("weights.bin"), "mine");

        Assert.Throws<IOException>(() => Converter.Convert(folder.File("tiny.pt"), folder.File("weights.bin"), new ConvertOptions()));
        Assert.Equal("mine", File.ReadAllText(folder.File("weights.bin")));
        Converter.Convert(folder.File("tiny.pt"), folder.File("weights.bin"), new ConvertOptions { Overwrite = true });
        ModelFile.Open(folder.File("weights.bin")).Dispose();
    }

    [Fact]
    public void Convert_never_replaces_the_checkpoint_itself()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint().ToArray();
        File.WriteAllBytes(folder.File("tiny.pt"), checkpoint);

        Assert.Throws<OptionException>(() => Converter.Convert(
            folder.File("tiny.pt"), Path.Combine(folder.FullPath, ".", "tiny.pt"), new ConvertOptions { Overwrite = true }));
        Assert.Equal(checkpoint, File.ReadAllBytes(folder.File("tiny.pt")));
    }

    [Fact]
    public void Convert_never_replaces_the_checkpoint_through_links()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint().ToArray();
        Directory.CreateDirectory(folder.File("run"));
        File.WriteAllBytes(folder.File("run/tiny.pt"), checkpoint);
        File.CreateSymbolicLink(folder.File("tiny.lnk"), "run/tiny.pt");
        Directory.CreateSymbolicLink(folder.File("latest"), "run");

        foreach ((string input, string output) in
            new[] { ("run/tiny.pt", "tiny.lnk"), ("tiny.lnk", "run/tiny.pt"), ("tiny.lnk", "latest/tiny.pt"), ("latest/tiny.pt", "tiny.lnk") })
        {
            Assert.Throws<OptionException>(
                () => Converter.Convert(folder.File(input), folder.File(output), new ConvertOptions { Overwrite = true }));
            Assert.Equal(checkpoint, File.ReadAllBytes(folder.File("run/tiny.pt")));
        }
    }

    [Theory]
    [InlineData("meta.pkl", false)]
    [InlineData("meta.pkl", true)]
    [InlineData("words.txt", true)]
    public void Convert_never_replaces_the_vocabulary_it_reads(string name, bool given)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());
        File.WriteAllText(folder.File(name), "mine");
        var options = new ConvertOptions { Overwrite = true, VocabPath = given ? folder.File(name) : null };

        var error = Assert.Throws<OptionException>(() => Converter.Convert(folder.File("tiny.pt"), folder.File(name), options));

        Assert.Equal($"'{folder.File(name)}' is read by this convert; give the weights file another name", error.Message);
        Assert.Equal("mine", File.ReadAllText(folder.File(name)));
    }

    [Fact]
    public void Convert_refuses_a_meta_pickle_beside_the_checkpoint_that_does_not_fit()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());
        File.Copy(TestFiles.Fixture("nanogpt_char_nobias/meta.pkl"), folder.File("meta.pkl"));

        string message = Conversion.Refuse(folder.File("tiny.pt"));

        Assert.Contains("meta.pkl beside the checkpoint has 65 characters, the model ", message, StringComparison.Ordinal);
        Assert.Contains("--vocab FILE", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_reads_an_archive_with_a_64_bit_end()
    {
        string message = Conversion.Refuse(HostileZips.Valid64());

        Assert.Contains("not a checkpoint of a family", message, StringComparison.Ordinal);   // it was read: an empty dictionary
    }

    [Fact]
    public void Convert_a_folder_or_a_file_that_is_not_there()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        Assert.Contains("has no checkpoint", Conversion.Refuse(folder.FullPath), StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => Converter.Convert(folder.File("no.pt"), folder.File("w.bin"), new ConvertOptions()));
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());
        Assert.Throws<DirectoryNotFoundException>(
            () => Converter.Convert(folder.File("tiny.pt"), folder.File("no/w.bin"), new ConvertOptions()));
        Assert.Throws<OptionException>(
            () => Converter.Convert(folder.File("tiny.pt"), folder.File("w.bin"), new ConvertOptions { Type = ElementType.U8 }));
    }

    [Theory]
    [InlineData("config.json", "{\"a\": 1}", "this JSON has no 'state_dict'")]
    [InlineData("names.json", "[\"a\"]", "this JSON is a list")]
    [InlineData("train.py", "import torch\n", "Python source")]
    [InlineData("microgpt.py", "import os\n", "the lines in docs/microgpt.md")]
    [InlineData("meta.pkl", "\u0080\u0004}.", "plain pickle")]
    [InlineData("notes.txt", "hello", "no checkpoint")]
    public void Convert_says_what_a_file_of_another_kind_is(string name, string latin1, string reason)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File(name), Encoding.Latin1.GetBytes(latin1));

        Assert.Contains(reason, Conversion.Refuse(folder.File(name)), StringComparison.Ordinal);
    }
}
