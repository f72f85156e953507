using MyGpt.CommandLine;
using MyGpt.Runtime.Tests.Checkpoints;
using MyGpt.Runtime.Tests.Checkpoints.Families;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>Names of files that are missing, folders, or something else: one line with the name as given and the next step.</summary>
[Collection(SharedModels.Name)]
public class InputFileTests(Models models)
{
    private static readonly string Checkpoint = TestFiles.Fixture("mygpt_final_shakespeare/shakespeare.ckpt");

    [Theory]
    [InlineData("generate", "MODEL", "--file", "PATH")]
    [InlineData("tokenize", "MODEL", "--file", "PATH")]
    [InlineData("verify", "MODEL", "PATH")]
    [InlineData("convert", "CHECKPOINT", "w.bin", "--vocab", "PATH")]
    public void A_file_that_is_missing_or_a_folder_is_named_as_given(params string[] args)
    {
        string[] With(string path) => [.. args.Select(arg => arg switch
        {
            "PATH" => path,
            "MODEL" => models.Shakespeare,
            "CHECKPOINT" => Checkpoint,
            _ => arg,
        })];
        Assert.Equal("error: '.' is a folder; give a file", Command.Run(With(".")).Failed(4));
        Assert.Equal("error: './no/file' does not exist; check the path", Command.Run(With("./no/file")).Failed(4));
    }

    [Theory]
    [InlineData("generate", "PATH", "a")]
    [InlineData("tokenize", "PATH", "a")]
    [InlineData("bench", "PATH")]
    [InlineData("verify", "PATH", "expected.json")]
    public void Weights_that_are_missing_or_a_folder_are_named_with_the_command_that_makes_them(params string[] args)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string[] With(string path) => [.. args.Select(arg => arg == "PATH" ? path : arg)];
        Assert.Equal("error: './no/file' does not exist; check the path", Command.Run(With("./no/file")).Failed(4));
        Assert.Equal($"error: '{folder.FullPath}' is a folder; give a weights.bin, which mygpt-rt convert makes from a checkpoint",
            Command.Run(With(folder.FullPath)).Failed(4));
        File.Copy(Checkpoint, folder.File("shakespeare.ckpt"));
        Assert.Equal(
            $"error: '{folder.FullPath}' is the folder of a checkpoint; convert it once: mygpt-rt convert {folder.FullPath} weights.bin",
            Command.Run(With(folder.FullPath)).Failed(3));
    }

    [Theory]
    [InlineData("inspect", "PATH")]
    [InlineData("convert", "PATH", "w.bin")]
    public void A_checkpoint_that_is_missing_or_a_folder_without_one_is_named(params string[] args)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string[] With(string path) => [.. args.Select(arg => arg == "PATH" ? path : arg)];
        Command.Run(With(folder.FullPath)).Failed(3, "has no checkpoint: neither model.safetensors");
        Assert.Equal("error: './no/file' does not exist; check the path", Command.Run(With("./no/file")).Failed(4));
    }

    [Theory]
    [InlineData("generate")]
    [InlineData("tokenize")]
    [InlineData("inspect")]
    public void A_file_that_is_no_weights_says_what_to_do(string verb)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string letter = folder.File("letter.txt"), cut = folder.File("cut.bin");
        File.WriteAllText(letter, "Dear model,");
        File.WriteAllBytes(cut, File.ReadAllBytes(models.Words)[..^1]);
        string[] text = verb == "inspect" ? [] : ["I"];
        string found = verb == "inspect" ? "neither a weights.bin nor a checkpoint" : "no weights.bin; convert a checkpoint with mygpt-rt convert";
        Assert.Equal($"error: '{letter}' is {found}", Command.Run([verb, letter, .. text]).Failed(3));
        Assert.EndsWith("; copy or convert it again", Command.Run([verb, cut, .. text]).Failed(3), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_needs_heads_is_converted_with_them()
    {
        string checkpoint = TestFiles.Fixture("mygpt_ch15_bare_state_dict/trained_gpt.pt");
        string line = Command.Run("generate", checkpoint, "I").Failed(3, "weights.bin --heads N; ");
        Assert.Contains("add --heads N with the number", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--norm X")]
    [InlineData("--context N", "norm_type")]
    [InlineData("--rotary X", "norm_type", "block_size")]
    [InlineData("--heads N", "norm_type", "block_size", "positions")]
    [InlineData("--activation X", "norm_type", "block_size", "positions", "n_head")]
    public void A_checkpoint_that_leaves_something_open_is_converted_with_the_option_that_says_it(string option, params string[] stated)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var model = new PlainModel
        {
            QkvBias = false, ProjectionBias = false, UpBias = false, DownBias = false, NormBias = false,
            Positions = stated.Contains("positions") ? new PlainModel().Positions : null,
        };
        List<(object, object?)> config = [("n_layer", FamilyRun.Layers)], root = [("model", model.State().Items), ("config", config)];
        Dictionary<string, object> fields = new() { ["norm_type"] = "rms", ["block_size"] = FamilyRun.ContextLength, ["n_head"] = 3 };
        config.AddRange(fields.Where(field => stated.Contains(field.Key)).Select(field => ((object)field.Key, (object?)field.Value)));
        string path = folder.File("open.pt");
        File.WriteAllBytes(path, TinyCheckpoint.Archive(root));

        string line = Command.Run("generate", path, "I").Failed(3, $"convert it once: mygpt-rt convert {path} weights.bin {option}; ");
        Assert.Contains($"add {option.Split(' ')[0]} ", line, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_converted_says_so()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = folder.File("model.gguf");
        File.WriteAllBytes(path, [.. "GGUF"u8, 3, 0, 0, 0, .. new byte[64]]);
        string line = Command.Run("generate", path, "I").Failed(3, "cannot be converted");
        Assert.StartsWith($"error: '{path}' is no weights.bin, and as a checkpoint it cannot be converted: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("mygpt-rt convert", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("score", "text")]
    [InlineData("verify", "expected.json")]
    [InlineData("generate", "a")]
    [InlineData("tokenize", "a")]
    [InlineData("bench")]
    [InlineData("doctor")]
    public void A_json_file_or_pickle_of_something_else_is_no_weights(string verb, params string[] rest)
    {
        foreach (string path in new[] { "mygpt_final_shakespeare/expected.json", "nanogpt_char_nobias/meta.pkl" }.Select(TestFiles.Fixture))
            Command.Run([verb, path, .. rest]).Failed(3, $"error: '{path}' is no weights.bin, and as a checkpoint it cannot be converted: ");
    }

    [Fact]
    public void Verify_checks_the_checksums_first()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] bytes = File.ReadAllBytes(models.Shakespeare);
        bytes[^100] ^= 1;   // the lowest bit of something: too little for the logits
        File.WriteAllBytes(folder.File("damaged.bin"), bytes);
        string reference = TestFiles.Fixture("mygpt_final_shakespeare/expected.json");
        Command.Run("verify", folder.File("damaged.bin"), reference).Failed(3, "copy or convert it again");
    }

    [Fact]
    public void Score_checks_the_checksums_of_both_models_first()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] bytes = File.ReadAllBytes(models.Shakespeare);
        bytes[^100] ^= 1;
        string damaged = folder.File("damaged.bin"), text = folder.File("text");
        File.WriteAllBytes(damaged, bytes);
        File.WriteAllText(text, "First Citizen");
        void Fails(params string[] args)
        {
            string line = Command.Run(["score", .. args]).Failed(3, $"'{damaged}'");
            Assert.Matches("section '[a-z0-9_.]+': CRC-32C .*; copy or convert it again$", line);
        }
        Fails(damaged, text);
        Fails(damaged, text, "--json", "--per-token");
        Fails(damaged, text, "--against", models.Shakespeare);
        Fails(models.Shakespeare, text, "--against", damaged);
    }

    [Theory]
    [InlineData("score", "mygpt_final_shakespeare/logits.f32.bin")]
    [InlineData("verify", "mygpt_final_shakespeare/expected.json")]
    [InlineData("verify", "mygpt_final_shakespeare/shakespeare.ckpt")]
    public void Swapped_arguments_are_seen(string verb, string other)
    {
        string first = TestFiles.Fixture(other);
        Command.Run(verb, first, models.Shakespeare).Failed(3, $"'{first}' is no weights.bin; '{models.Shakespeare}' is one: are the arguments swapped?");
    }

    [Fact]
    public void A_file_name_may_begin_as_a_short_option_does()
    {
        Command.Run("score", models.Shakespeare, "-h.txt").Failed(4, "'-h.txt' does not exist");
        Command.Run("tokenize", models.Shakespeare, "-how are you").Succeeded();
        string prompt = Command.Run("generate", models.Shakespeare, "-? what", "-n2", "-t1").Succeeded().Output;
        Assert.StartsWith("-? what", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_may_not_be_read_says_what_to_do() => Assert.Equal(
        (ExitCode.CannotAccess, "Access to the path 'w.bin' is denied; change its permissions, or choose another place"),
        Failure.Describe(new UnauthorizedAccessException("Access to the path 'w.bin' is denied.")));
}
