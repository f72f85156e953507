using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary><c>convert --max-perplexity-increase</c>: accepts and writes, or refuses and keeps nothing.</summary>
public sealed class ConvertGateTests : IDisposable
{
    private const string Partial = ".mygpt-*.partial";

    private const string Bf16 = "hf_gpt2_char_bf16/model.safetensors", Float32 = "mygpt_final_shakespeare/shakespeare.ckpt";

    private static readonly string Shakespeare = TestFiles.Fixture(Float32);
    private static readonly string Text = TestFiles.Fixture("scoring/text.txt");

    private readonly TemporaryFolder _folder = TestFiles.NewFolder(nameof(ConvertGateTests));
    private readonly string _weights;

    public ConvertGateTests() => _weights = Directory.CreateDirectory(_folder.File("out")).FullName + "/w.bin";

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("q8")]
    [InlineData("q4")]
    public void Gate_that_holds_writes_the_file_and_shows_the_figures_of_score(string type)
    {
        JsonElement json = Convert(Shakespeare, "--type", type, "--max-perplexity-increase", "50%", "--text", Text, "--json").Succeeded().Json();
        JsonElement gate = json.GetProperty("gate");
        Assert.True(gate.GetProperty("holds").GetBoolean());
        Assert.Equal((50, Text), (gate.GetProperty("max_perplexity_increase_percent").GetDouble(), gate.GetProperty("text").GetString()));
        Assert.Equal([_weights], Directory.GetFileSystemEntries(_folder.File("out")));

        Command.Run("convert", Shakespeare, _folder.File("f32.bin")).Succeeded();
        Command.Run("convert", Shakespeare, _folder.File("plain.bin"), "--type", type).Succeeded();
        Assert.Equal(File.ReadAllBytes(_folder.File("plain.bin")), File.ReadAllBytes(_weights));
        JsonElement score = Command.Run("score", _weights, Text, "--against", _folder.File("f32.bin"), "--json").Succeeded().Json();
        foreach (string name in new[] { "tokens", "blocks", "loss", "standard_error", "perplexity", "bits_per_byte", "loss_increase", "loss_increase_standard_error",
            "perplexity_increase_percent", "perplexity_increase_percent_standard_error", "kl_divergence", "kl_divergence_standard_error", "same_top_share" })
            Assert.Equal(score.GetProperty(name).GetDouble(), gate.GetProperty(name).GetDouble());
        Assert.Equal(score.GetProperty("against").GetProperty("loss").GetDouble(), gate.GetProperty("against").GetProperty("loss").GetDouble());
        Assert.NotEqual(0, gate.GetProperty("perplexity_increase_percent").GetDouble());
    }

    [Fact]
    public void Gate_that_holds_shows_the_increase_and_where_it_stands()
    {
        CommandResult result = Convert(Shakespeare, "--type", "q8", "--max-perplexity-increase", "2", "--text", Text).Succeeded();
        Assert.Matches(@"\ngate +perplexity [+-]\d\.\d\d % \(\d\.\d{3} to \d\.\d{3}, standard error \d\.\d\d %\): at most 2 % on '.*text\.txt', 3,999 tokens\n", result.Output);
        result.Shows(" KL divergence 0.0", ", same top token for 9", "\nwrote ");
        Assert.DoesNotContain("a longer text", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Gate_holds_up_to_the_limit_and_warns_within_two_standard_errors_of_it()
    {
        string[] options = ["--type", "q4", "--text", Text, "--force"];
        JsonElement gate = Gate(50).Succeeded().Json().GetProperty("gate");
        double increase = gate.GetProperty("perplexity_increase_percent").GetDouble(), error = gate.GetProperty("perplexity_increase_percent_standard_error").GetDouble();
        Assert.InRange(error, 0.01, increase);
        Gate(increase).Succeeded().Says("warning: perplexity +", "two standard errors more would be above ");
        Assert.Equal(5, Gate(Math.BitDecrement(increase)).ExitCode);
        Gate(increase + 1.9 * error).Succeeded().Says("a longer text judges better");
        Assert.DoesNotContain("a longer text", Gate(increase + 2.1 * error).Succeeded().Error, StringComparison.Ordinal);

        CommandResult Gate(double limit) =>
            Convert(Shakespeare, [.. options, "--json", "--max-perplexity-increase", limit.ToString("R", CultureInfo.InvariantCulture)]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gate_that_does_not_hold_keeps_nothing_but_the_old_file(bool fromWeights)
    {
        string checkpoint = fromWeights ? _folder.File("f32.bin") : Shakespeare;
        if (fromWeights)
            Command.Run("convert", Shakespeare, checkpoint).Succeeded();
        string[] options = ["--type", "q4", "--max-perplexity-increase", "0.01%", "--text", Text];
        string line = Convert(checkpoint, options).Failed(5, $"'{_weights}' was not written: perplexity +");
        Assert.Matches(@" standard error \d\.\d\d %\) on '.*text\.txt', and at most 0\.01 % is allowed; give a wider --type", line);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("out")));

        File.WriteAllText(_weights, "mine");
        CommandResult result = Convert(checkpoint, [.. options, "--force", "--json"]);
        Assert.Equal(5, result.ExitCode);
        result.Says("error: ");
        JsonElement json = result.Json();
        Assert.Equal(JsonValueKind.Null, json.GetProperty("weights").ValueKind);
        Assert.False(json.GetProperty("gate").GetProperty("holds").GetBoolean());
        Assert.InRange(json.GetProperty("gate").GetProperty("perplexity_increase_percent").GetDouble(), 0.01, 50);
        Assert.Equal("mine", File.ReadAllText(_weights));
        Assert.Equal([_weights], Directory.GetFileSystemEntries(_folder.File("out")));
    }

    [Fact]
    public void Baseline_is_the_checkpoints_own_values()
    {
        // Of a bf16 checkpoint bf16 is exact, and so is a weights.bin of it; of a float32 one it is not, and q8 never is.
        string bf16Checkpoint = TestFiles.Fixture(Bf16), vocabulary = TestFiles.Fixture("nanogpt_char_nobias/meta.pkl");
        string[] gate = ["--max-perplexity-increase", "0", "--text", Text];
        string bf16 = _folder.File("bf16.bin"), rounded = _folder.File("rounded.bin"), q8 = _folder.File("q8.bin");
        Command.Run("convert", bf16Checkpoint, bf16, "--vocab", vocabulary).Succeeded();
        Command.Run("convert", bf16, _folder.File("narrow.bin"), "--type", "q8", "--max-perplexity-increase", "50%", "--text", Text).Succeeded();
        Command.Run("convert", Shakespeare, rounded, "--type", "bf16").Succeeded();
        Command.Run("convert", Shakespeare, q8, "--type", "q8").Succeeded();
        File.Delete(_weights);
        Convert(rounded, ["--type", "q4", .. gate]).Failed(2, $"'{rounded}' is bf16, narrower than the checkpoint's float32: what it has lost already would not be counted");
        Convert(q8, ["--type", "q4", .. gate]).Failed(2, $"'{q8}' is q8");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("out")));
    }

    [Theory]
    [InlineData(Bf16, "f32")]
    [InlineData(Bf16, "bf16")]
    [InlineData(Bf16, null)]
    [InlineData(Float32, "f32")]
    [InlineData(Float32, null)]
    public void Values_kept_exactly_are_nothing_to_judge(string fixture, string? type)
    {
        // No text of the model, and too short: it is not looked at.
        File.WriteAllText(_folder.File("text"), "\u00e9");
        string[] options = [
            .. fixture == Bf16 ? ["--vocab", TestFiles.Fixture("nanogpt_char_nobias/meta.pkl")] : Array.Empty<string>(),
            .. type is null ? Array.Empty<string>() : ["--type", type], "--max-perplexity-increase", "0", "--text", _folder.File("text")];
        CommandResult result = Convert(TestFiles.Fixture(fixture), options).Succeeded();
        result.Shows("\ngate ", " the checkpoint's values are kept exactly: nothing to judge\n", "\nwrote ");
        JsonElement gate = Convert(TestFiles.Fixture(fixture), [.. options, "--force", "--json"]).Succeeded().Json().GetProperty("gate");
        Assert.Equal(["holds", "judged", "max_perplexity_increase_percent", "text"], gate.EnumerateObject().Select(member => member.Name));
        Assert.Equal((true, false), (gate.GetProperty("holds").GetBoolean(), gate.GetProperty("judged").GetBoolean()));
        Assert.Equal([_weights], Directory.GetFileSystemEntries(_folder.File("out")));
    }

    [Fact]
    public void Special_tokens_in_the_text_are_text()
    {
        string source = TinyModels.Write(_folder.File("bpe.bin"), TinyModels.Config with { VocabSize = 259 }, tokenizer: TinyModels.Bpe());
        File.WriteAllText(_folder.File("text"), "a<|endoftext|>b");
        JsonElement gate = Convert(source, "--type", "q8", "--max-perplexity-increase", "1000%", "--text", _folder.File("text"), "--json")
            .Succeeded().Json().GetProperty("gate");
        Assert.Equal(14, gate.GetProperty("tokens").GetInt32());
    }

    [Fact]
    public void Text_too_short_for_a_standard_error_is_refused()
    {
        string text = File.ReadAllText(Text), file = _folder.File("short");
        foreach (int length in new[] { 2, 65 })
            Gate(length).Failed(2, $"the text has {length} tokens; at least 66 are needed: more than a window of 64, or there is no standard error");
        foreach (int length in new[] { 0, 1 })
            Gate(length).Failed(3, "; at least 66 are needed");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("out")));
        JsonElement gate = Gate(66).Succeeded().Json().GetProperty("gate");
        Assert.Equal((2, 65, true), (gate.GetProperty("blocks").GetInt32(), gate.GetProperty("tokens").GetInt32(), gate.GetProperty("judged").GetBoolean()));
        Assert.Equal(JsonValueKind.Number, gate.GetProperty("perplexity_increase_percent_standard_error").ValueKind);

        CommandResult Gate(int length)
        {
            File.WriteAllText(file, text[..length]);
            return Convert(Shakespeare, "--type", "q4", "--max-perplexity-increase", "50%", "--text", file, "--json");
        }
    }

    [UnixFact]
    public void Place_that_is_no_file_is_refused_before_the_text_is_read()
    {
        string[] gate = ["--type", "q4", "--max-perplexity-increase", "2%", "--text", _folder.File("missing")];
        foreach (string force in new[] { "--force", "--json" })
            Command.Run(["convert", Shakespeare, "/dev/null", force, .. gate]).Failed(4, "'/dev/null' is a device");
        Directory.CreateSymbolicLink(_folder.File("link"), "/dev/null");
        Command.Run(["convert", Shakespeare, _folder.File("link"), .. gate]).Failed(4, "is a pipe or a device");
    }

    [Fact]
    public void Options_that_do_not_go_together_are_usage_errors_before_any_work()
    {
        Gate("2%", null).Failed(2, "--max-perplexity-increase needs a text");
        Gate(null, Text).Failed(2, "--text is what --max-perplexity-increase judges on");
        Gate("-1%", Text).Failed(2, "--max-perplexity-increase is '-1%'; it must be a percentage from 0 on, such as 2%");
        foreach (string limit in new[] { "two", "NaN", "inf", "%", " ", "2%%", "1e999" })
            Gate(limit, Text).Failed(2, "must be a percentage");
        Gate("2%", _folder.File("missing")).Failed(4, "does not exist");
        Gate("2%", _folder.FullPath).Failed(4, "is a folder");
        File.WriteAllBytes(_folder.File("bytes"), [0x41, 0xC3]);
        Gate("2%", _folder.File("bytes")).Failed(3, "is not UTF-8");
        File.WriteAllText(_folder.File("one"), "a");
        Gate("2%", _folder.File("one")).Failed(3, "the text has 1 token; at least 66");
        File.WriteAllText(_folder.File("unknown"), "caf\u00e9");
        Gate("2%", _folder.File("unknown")).Failed(2, "is no text of this model: the vocabulary has no character");
        Convert(TestFiles.Fixture("mygpt_ch15_bare_state_dict/trained_gpt.pt"), "--heads", "2", "--type", "q8", "--max-perplexity-increase", "2%", "--text", Text)
            .Failed(2, "has no vocabulary: it has no tokens for a text to judge on; convert the checkpoint with --vocab FILE");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("out")));
        File.WriteAllText(_weights, "a text");
        Gate("2%", _weights, "--force").Failed(2, "is the text to judge on");
        Assert.Equal("a text", File.ReadAllText(_weights));

        CommandResult Gate(string? limit, string? text, params string[] more) => Convert(Shakespeare, [
            "--type", "q4", .. limit is null ? Array.Empty<string>() : [$"--max-perplexity-increase={limit}"], .. text is null ? Array.Empty<string>() : ["--text", text], .. more]);
    }

    [Fact]
    public void Model_that_computes_no_numbers_is_not_written()
    {
        string source = _folder.File("f32.bin");
        ModelDescription description = new() { Config = TinyModels.Config, Tokenizer = TinyModels.Characters("abcdefghijk") };
        ModelFile.Write(source, description, ElementType.F32, spec => stream => stream.Write(NotNumbers(spec.Rows * spec.Columns)), overwrite: false);
        File.WriteAllText(_folder.File("text"), string.Concat(Enumerable.Repeat("abcdef", 10)));
        Convert(source, "--type", "q8", "--allow-nonfinite", "--max-perplexity-increase", "2%", "--text", _folder.File("text")).Failed(3, "the loss is not a number at token 1");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("out")));

        static byte[] NotNumbers(int count) => [.. Enumerable.Repeat(BitConverter.GetBytes(float.NaN), count).SelectMany(value => value)];
    }

    [Theory]
    [InlineData(0)]   // while the text is read
    [InlineData(1)]   // while the checkpoint's own values are written
    [InlineData(2)]   // while the result is judged
    public void Interrupt_ends_with_130_and_leaves_the_old_file(int after)
    {
        File.WriteAllText(_weights, "mine");
        int asked = 0;
        using var error = new StringWriter();
        var console = new CommandConsole
        {
            Input = Stream.Null, Output = Stream.Null, Error = error, WatchInterrupt = () => new CancellationToken(canceled: asked++ == after),
        };
        Assert.Equal(ExitCode.Interrupted, Cli.Run(
            ["convert", Shakespeare, _weights, "--force", "--type", "q4", "--max-perplexity-increase", "50%", "--text", Text], console));
        Assert.Equal(after + 1, asked);
        Assert.Equal("error: interrupted", error.ToString().Trim());
        Assert.Equal("mine", File.ReadAllText(_weights));
        Assert.Equal([_weights], Directory.GetFileSystemEntries(_folder.File("out")));
    }

    [UnixFact]
    public void Killed_while_it_judges_leaves_the_old_file_and_the_next_one_clears_up()
    {
        // Long enough that it is judging when it is killed: 1.6 million characters.
        string text = _folder.File("long");
        File.WriteAllText(text, string.Concat(Enumerable.Repeat(File.ReadAllText(Text), 400)));
        foreach (string signal in new[] { "KILL", "TERM" })
        {
            File.WriteAllText(_weights, "mine");
            using Process process = CommandProcess.Start("convert", Shakespeare, _weights, "--force", "--type", "q4", "--max-perplexity-increase", "50%", "--text", text);
            while (!process.HasExited && Partials() < 2)
                Thread.Sleep(1);
            process.Signal(signal);
            Assert.True(process.WaitForExit(CommandProcess.Patience));
            Assert.Equal(signal == "KILL" ? 137 : 143, process.ExitCode);
            Assert.Equal("mine", File.ReadAllText(_weights));
            Assert.Equal(signal == "KILL" ? 2 : 0, Partials());
            Convert(Shakespeare, "--force", "--type", "q4", "--max-perplexity-increase", "50%", "--text", Text).Succeeded();
            Assert.Equal([_weights], Directory.GetFileSystemEntries(_folder.File("out")));
        }
    }

    private int Partials() => Directory.GetFiles(_folder.File("out"), Partial).Length;

    private CommandResult Convert(string checkpoint, params string[] options) => Command.Run(["convert", checkpoint, _weights, .. options]);
}
