using System.Diagnostics;
using System.Text.Json;
using MyGpt.CommandLine;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

public class ConvertVerbTests
{
    private static readonly string Shakespeare = TestFiles.Fixture("mygpt_final_shakespeare/shakespeare.ckpt");
    private static readonly string BareStateDict = TestFiles.Fixture("mygpt_ch15_bare_state_dict/trained_gpt.pt");

    [Fact]
    public void Convert_prints_what_was_found_assumed_and_left_out()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        CommandResult result = Command.Run("convert", Shakespeare, folder.File("w.bin")).Succeeded();
        result.Shows("4 layers, 4 heads of 16, width 64");
        result.Shows("207,296");
        result.Shows("\nfound ", "\nassumed ", "\nleft out ", "\nwrote ");
        Assert.Equal("", result.Error);
        Assert.Equal(["w.bin"], Names(folder));
    }

    [Fact]
    public void Convert_prints_what_each_tensor_became_and_inspect_does_later()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = folder.File("w.bin");
        string[] converted = Placed(Command.Run("convert", Shakespeare, weights).Succeeded());
        Assert.Contains(converted, line => line.Contains("token_embedding.embedding.weight [65, 64]", StringComparison.Ordinal)
            && line.EndsWith(" -> token_embedding", StringComparison.Ordinal));
        Assert.Contains(converted, line => line.EndsWith(" -> blocks.N.attention.qkv.weight", StringComparison.Ordinal));
        Assert.True(converted.Length < 25, "a line for each kind of tensor, not for each layer");
        string[] known = [.. converted.Where(line => line.IndexOf(" -> ", StringComparison.Ordinal) <= 60)];
        Assert.Single(known.Select(line => line.IndexOf(" -> ", StringComparison.Ordinal)).Distinct());

        Assert.Equal(converted, Placed(Command.Run("inspect", weights).Succeeded()));
        Assert.Equal(converted, Placed(Command.Run("inspect", Shakespeare).Succeeded()));
        JsonElement json = Command.Run("inspect", Shakespeare, "--json").Succeeded().Json();
        Assert.Equal(converted.Length, json.GetProperty("placed").GetArrayLength());
        Assert.Equal(
            json.GetProperty("placed").ToString(),
            Command.Run("inspect", weights, "--json").Succeeded().Json().GetProperty("source").GetProperty("placed").ToString());
    }

    [Fact]
    public void Convert_option_that_decides_nothing_is_refused_by_name()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", Shakespeare, folder.File("w.bin"), "--rotary", "pairs").Failed(2, "--rotary ");
        Assert.Empty(Names(folder));
    }

    [Fact]
    public void Convert_shows_how_far_it_is_on_a_terminal_only()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using var error = new StringWriter();
        var console = new CommandConsole
        {
            Input = Stream.Null, Output = Stream.Null, Error = error, ErrorIsTerminal = true, WatchInterrupt = () => CancellationToken.None,
        };
        Assert.Equal(ExitCode.Done, Cli.Run(["convert", Shakespeare, folder.File("w.bin")], console));
        Assert.Contains("100 % of 0.8 MB", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith(" \r", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_json_is_one_object_with_the_report()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        JsonElement json = Command.Run("convert", Shakespeare, folder.File("w.bin"), "--type", "bf16", "--json").Succeeded().Json();
        Assert.Equal("bf16", json.GetProperty("type").GetString());
        Assert.Equal(207_296, json.GetProperty("parameters").GetInt64());
        Assert.Equal(64, json.GetProperty("config").GetProperty("context_length").GetInt32());
        Assert.Equal(new FileInfo(folder.File("w.bin")).Length, json.GetProperty("bytes").GetInt64());
        Assert.All(["found", "assumed", "left_out", "warnings"], list => Assert.Equal(JsonValueKind.Array, json.GetProperty(list).ValueKind));
    }

    [Fact]
    public void Convert_without_a_vocabulary_warns_and_names_the_option()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        CommandResult result = Command.Run("convert", BareStateDict, folder.File("w.bin"), "--heads", "2").Succeeded();
        Assert.StartsWith("warning: ", result.Error, StringComparison.Ordinal);
        result.Says("--vocab FILE");
    }

    [Fact]
    public void Convert_without_the_number_of_heads_names_the_option()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", BareStateDict, folder.File("w.bin")).Failed(2, "--heads");
        Assert.Empty(Names(folder));
    }

    [Fact]
    public void Convert_replaces_an_existing_file_only_when_told_and_looks_before_it_works()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = folder.File("w.bin");
        File.WriteAllText(weights, "mine");
        Command.Run("convert", "missing.pt", weights).Failed(2, "--force");
        Assert.Equal("mine", File.ReadAllText(weights));
        Command.Run("convert", Shakespeare, weights, "--force").Succeeded();
        Assert.True(new FileInfo(weights).Length > 800_000);
    }

    [Fact]
    public void Convert_never_replaces_the_checkpoint()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string checkpoint = folder.File("ckpt.pt");
        File.Copy(Shakespeare, checkpoint);
        Command.Run("convert", checkpoint, checkpoint, "--force").Failed(2, "is the checkpoint itself");
        Assert.Equal(new FileInfo(Shakespeare).Length, new FileInfo(checkpoint).Length);
    }

    [Fact]
    public void Convert_checks_the_arguments_before_the_place_to_write()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string f32 = folder.File("f32.bin"), q8 = folder.File("q8.bin");
        Command.Run("convert", Shakespeare, f32).Succeeded();
        Command.Run("convert", f32, q8, "--type", "q8").Succeeded();
        Command.Run("convert", f32, q8).Failed(2, "give --type for a narrower one");
        Command.Run("convert", f32, q8, "--type", "int8").Failed(2, "--type is 'int8'");
        Command.Run("convert", f32, q8, "--type", "q4", "--heads", "2").Failed(2, "only --type can be changed");
        Command.Run("convert", q8, f32, "--type", "q8").Failed(2, $"'{q8}': --type q8: the matrices are q8, and there is nothing to convert");
        Command.Run("convert", q8, f32, "--type", "bf16", "--force")
            .Failed(2, $"'{q8}': --type bf16: the matrices are q8, and a wider type would not bring back what they have lost: a weights.bin is only made narrower");
        Command.Run("convert", f32, q8, "--type", "q4").Failed(2, "--force");
    }

    [Theory]
    [InlineData()]
    [InlineData("--force")]
    public void Convert_never_writes_to_standard_output_nor_a_file_of_its_name(params string[] options)
    {
        Command.Run(["convert", Shakespeare, "-", .. options]).Failed(2, "WEIGHTS.BIN is '-'");
        Assert.False(File.Exists("-"));
    }

    [Theory]
    [InlineData("convert")]
    [InlineData("inspect")]
    [InlineData("generate")]
    public void A_damaged_file_is_named_as_it_was_given(string verb)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string shown = Path.GetRelativePath(Environment.CurrentDirectory, folder.FullPath);
        Assert.False(Path.IsPathRooted(shown));
        Directory.CreateDirectory(folder.File("out"));
        File.WriteAllBytes(folder.File("out/ckpt.pt"), File.ReadAllBytes(Shakespeare)[..5000]);
        Command.Run("convert", Shakespeare, folder.File("w.bin")).Succeeded();
        File.WriteAllBytes(folder.File("cut.bin"), File.ReadAllBytes(folder.File("w.bin"))[..5000]);
        string[] rest = verb switch { "convert" => [folder.File("x.bin"), "--type", "q8"], "generate" => ["a"], _ => [] };

        foreach (string given in new[] { $"{shown}/out/ckpt.pt", $"{shown}/out" })
            Command.Run([verb, given, .. rest]).Failed(3, $"'{shown}/out/ckpt.pt': the zip archive has no end record");
        Command.Run([verb, $"{shown}/cut.bin", .. rest]).Failed(3, $"error: '{shown}/cut.bin': header: ");
        Assert.Equal(["cut.bin", "out", "w.bin"], Names(folder).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("q8", "5.1 kB")]
    [InlineData("q4", "2.7 kB")]
    public void Convert_to_blocks_longer_than_the_rows_warns_that_the_file_grows(string type, string bytes)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string f32 = TinyModels.Write(folder.File("f32.bin"), TinyModels.Config);
        Command.Run("convert", f32, folder.File("narrow.bin"), "--type", type).Succeeded().Says($"as {type} the matrices take {bytes}, as bf16 they would take 2.2 kB: ");
        Command.Run("convert", f32, folder.File("bf16.bin"), "--type", "bf16").Succeeded();
        Assert.InRange(new FileInfo(folder.File("narrow.bin")).Length, new FileInfo(folder.File("bf16.bin")).Length + 1, int.MaxValue);
        CommandResult wide = Command.Run("convert", Shakespeare, folder.File("wide.bin"), "--type", type).Succeeded();
        Assert.DoesNotContain("the matrices take", wide.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_of_a_weights_file_says_that_it_is_one()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", Shakespeare, folder.File("w.bin")).Succeeded();
        Command.Run("convert", folder.File("w.bin"), folder.File("v.bin")).Failed(2, "is a weights.bin already");
    }

    [Fact]
    public void Convert_where_nothing_can_be_written_is_exit_code_4()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", folder.File("missing.pt"), folder.File("w.bin")).Failed(4, "does not exist; check the path");
        Command.Run("convert", Shakespeare, folder.FullPath).Failed(4, "is a folder");
        Command.Run("convert", Shakespeare, folder.File("no/w.bin")).Failed(4, "make it first");
        Assert.Empty(Names(folder));
    }

    [Theory]
    [InlineData("empty.pt")]
    [InlineData("huge_declared_size.pt")]
    [InlineData("layer_gap.pt")]
    [InlineData("missing_tensor.pt")]
    [InlineData("nan_weight.pt")]
    [InlineData("negative_stride.pt")]
    [InlineData("pickle_os_system.pt")]
    [InlineData("text_renamed.pt")]
    [InlineData("truncated_60pct.pt")]
    [InlineData("unknown_dtype.pt")]
    [InlineData("wrong_shape.pt")]
    public void Convert_of_a_broken_checkpoint_is_one_line_exit_code_3_and_no_file(string name)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string line = Command.Run("convert", TestFiles.Fixture($"malformed/{name}"), folder.File("w.bin"), "--heads", "2").Failed(3);
        Assert.Contains(name, line, StringComparison.Ordinal);
        Assert.Empty(Names(folder));
    }

    // The lines of the table "placed": its label, then lines without one.
    private static string[] Placed(CommandResult result)
    {
        string[] lines = result.Output.Split('\n');
        int first = Array.FindIndex(lines, line => line.StartsWith("placed ", StringComparison.Ordinal));
        return [.. lines[first..].TakeWhile((line, i) => i == 0 || line.StartsWith("  ", StringComparison.Ordinal)).Select(line => line["placed ".Length..].Trim())];
    }

    private static IEnumerable<string?> Names(TemporaryFolder folder) => Directory.EnumerateFileSystemEntries(folder.FullPath).Select(Path.GetFileName);

    [UnixFact]
    public void Convert_into_a_link_writes_and_reports_the_file_behind_it()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string link = folder.File("link"), file = folder.File("w.bin");
        File.CreateSymbolicLink(link, file);
        CommandResult result = Command.Run("convert", Shakespeare, link, "--force").Succeeded();
        result.Shows($"{link} (a link to {file}): f32, 838.0 kB");
        JsonElement json = Command.Run("convert", Shakespeare, link, "--force", "--json").Succeeded().Json();
        Assert.Equal(new FileInfo(file).Length, json.GetProperty("bytes").GetInt64());
        Assert.Equal(file, new FileInfo(link).LinkTarget);
    }

    [UnixFact]
    public void Convert_names_what_a_link_leads_to_and_is_not_there()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string target = folder.File("no/w.bin");
        File.CreateSymbolicLink(folder.File("link"), target);
        Command.Run("convert", Shakespeare, folder.File("link"), "--force").Failed(4, $"is a link to '{target}', whose folder does not exist");
        foreach (string verb in new[] { "inspect", "convert" })
            Command.Run([verb, folder.File("link"), .. verb == "convert" ? [folder.File("x.bin")] : Array.Empty<string>()])
                .Failed(4, $"is a link to '{target}', which does not exist");
    }

    [UnixFact]
    public async Task Convert_never_replaces_a_pipe()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string pipe = folder.File("pipe");
        using (Process mkfifo = Process.Start("mkfifo", [pipe]))
            await mkfifo.WaitForExitAsync();
        Command.Run("convert", Shakespeare, pipe, "--force").Failed(4, "is a pipe or a device");
        Assert.Equal(0, new FileInfo(pipe).Length);
        Assert.Equal(["pipe"], Names(folder));
    }

    [Fact]
    public void Convert_names_the_file_that_is_at_fault()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("words.txt"), "a\na\n");
        string line = Command.Run("convert", BareStateDict, folder.File("w.bin"), "--heads", "2", "--vocab", folder.File("words.txt")).Failed(3, "'words.txt'");
        Assert.DoesNotContain("trained_gpt.pt", line, StringComparison.Ordinal);
        Command.Run("convert", BareStateDict, folder.File("w.bin")).Failed(2, $"'{BareStateDict}': ");
    }

    [Fact]
    public void Convert_with_a_vocabulary_says_that_the_checkpoints_own_is_left_out()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("v.txt"), "a\nb\n");
        Command.Run("convert", Shakespeare, folder.File("w.bin"), "--vocab", folder.File("v.txt")).Succeeded()
            .Shows("the checkpoint's own vocabulary: --vocab replaces it");
    }

    [Fact]
    public void Convert_knows_the_pointer_that_Git_LFS_leaves_in_place_of_a_file()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        foreach (string name in new[] { "model.safetensors", "ckpt.pt" })
        {
            File.WriteAllText(folder.File(name), "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n");
            Command.Run("convert", folder.File(name), folder.File("w.bin")).Failed(3, "git lfs pull");
        }
    }
}
