using System.Runtime.InteropServices;
using System.Text.Json;
using MyGpt.CommandLine;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;
using static MyGpt.Runtime.Tests.CommandLine.ScoreReference;

namespace MyGpt.Runtime.Tests.CommandLine;

[Collection(SharedModels.Name)]
public class ScoreVerbTests(Models models)
{
    private static readonly string[] Members =
    [
        "loss", "standard_error", "perplexity", "bits_per_byte", "tokens", "bytes", "blocks", "context_length", "stride", "kv_type", "threads", "tok_s",
    ];

    [Fact]
    public void Score_is_the_mean_loss_over_consecutive_windows()
    {
        JsonElement json = Command.Run(Command.Utf8(Text), "score", models.Shakespeare, "-", "--json", "--threads", "1").Succeeded().Json();
        Assert.Equal(Members, json.EnumerateObject().Select(member => member.Name));
        Assert.Equal((149, 64, 1), (Int(json, "tokens"), Int(json, "context_length"), Int(json, "threads")));
        Assert.Equal("f32", json.GetProperty("kv_type").GetString());
        double expected = Expected(models.Shakespeare, Text);
        Assert.Equal(expected, json.GetProperty("loss").GetDouble(), 1e-9);
        Assert.Equal(Math.Exp(expected), json.GetProperty("perplexity").GetDouble(), 1e-8);
        Assert.Equal((149, 3, 64), (Int(json, "bytes"), Int(json, "blocks"), Int(json, "stride")));
        Assert.Equal(expected / Math.Log(2), json.GetProperty("bits_per_byte").GetDouble(), 1e-8);
    }

    [Fact]
    public void Score_with_rounded_keys_and_values_is_the_loss_with_them()
    {
        JsonElement json = Command.Run(Command.Utf8(Text), "score", models.Shakespeare, "-", "--json", "--kv-type", "bf16").Succeeded().Json();
        Assert.Equal("bf16", json.GetProperty("kv_type").GetString());
        double expected = Expected(models.Shakespeare, Text, KvType.Bf16);
        Assert.NotEqual(Expected(models.Shakespeare, Text), expected);
        Assert.Equal(expected, json.GetProperty("loss").GetDouble(), 1e-9);
    }

    [Fact]
    public void Score_prints_the_same_as_text_and_reads_files()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("text"), Text);
        CommandResult result = Command.Run("score", models.Shakespeare, folder.File("text")).Succeeded();
        string loss = Expected(models.Shakespeare, Text).ToString("0.00000", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Matches(
            $@"^loss +{loss}  nats per token, standard error 0\.\d{{5}} over 3 blocks of 64\nperplexity +\d+\.\d\d\d\nbits per byte +\d\.\d\d\d  of 149\n"
                + @"tokens +149  predicted, in windows of 64\nspeed +(too short a run to time|[\d.]+  tokens/s)\n$",
            result.Output);
        Assert.Equal("", result.Error);
        Command.Run("score", models.Shakespeare, folder.File("missing")).Failed(4, "does not exist");
        Command.Run("score", models.Shakespeare, folder.FullPath).Failed(4, "is a folder");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(63)]
    public void Score_with_a_stride_predicts_each_token_once_from_what_is_before_it(int stride)
    {
        JsonElement json = Command.Run(Command.Utf8(Text), "score", models.Shakespeare, "-", "--json", "--stride", $"{stride}").Succeeded().Json();
        Assert.Equal((149, stride), (Int(json, "tokens"), Int(json, "stride")));
        double expected = Expected(models.Shakespeare, Text, stride: stride);
        Assert.Equal(expected, json.GetProperty("loss").GetDouble(), 1e-9);
        Assert.NotEqual(Expected(models.Shakespeare, Text), expected, 1e-4);
    }

    [Fact]
    public void Score_with_a_stride_says_so_and_one_beyond_the_context_is_a_usage_error()
    {
        Command.Run(Command.Utf8(Text), "score", models.Shakespeare, "-", "--stride", "16").Succeeded().Shows("in windows of 64, each 16 further\n");
        Command.Run(Command.Utf8(Text), "score", models.Shakespeare, "-", "--stride", "65").Failed(2, "from 1 to 64");
        Command.Run(Command.Utf8(Text), "score", models.Shakespeare, "-", "--stride", "64").Succeeded().Shows("in windows of 64\n");
        Command.Run(Command.Utf8(Text), "score", models.Shakespeare, "-", "--stride", "0").Failed(2, "--stride is '0'");
    }

    [Fact]
    public void Score_lists_every_token_when_told()
    {
        const string Odd = "First \U0001F600!";
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(folder.File("bpe.bin"), TinyModels.Config with { VocabSize = 259 }, tokenizer: TinyModels.Bpe());
        JsonElement json = Command.Run(Command.Utf8(Odd), "score", weights, "-", "--json", "--per-token").Succeeded().Json();
        Assert.Equal(["per_token", .. Members], json.EnumerateObject().Select(member => member.Name));
        JsonElement[] tokens = [.. json.GetProperty("per_token").EnumerateArray()];
        List<(int Id, double[] Row)> expected = LogProbabilities(weights, Odd);
        Assert.Equal((11, 10), (tokens.Length, expected.Count));
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (tokens[0].GetProperty("loss").ValueKind, tokens[0].GetProperty("rank").ValueKind));
        Assert.Equal(Command.Utf8(Odd), tokens.SelectMany(token => token.GetProperty("bytes").EnumerateArray()).Select(value => value.GetByte()));
        Assert.Equal(["F", "i", "r", "s", "t", " ", "\uFFFD", "\uFFFD", "\uFFFD", "\uFFFD", "!"], tokens.Select(token => token.GetProperty("text").GetString()));
        for (int i = 0; i < expected.Count; i++)
        {
            (int id, double[] row) = expected[i];
            Assert.Equal(id, Int(tokens[i + 1], "id"));
            Assert.Equal(-row[id], tokens[i + 1].GetProperty("loss").GetDouble(), 1e-9);
            Assert.Equal(1 + row.Count(other => other > row[id]), Int(tokens[i + 1], "rank"));
        }
        Command.Run(Command.Utf8(Odd), "score", weights, "-", "--per-token").Failed(2, "give --json too");
    }

    [Fact]
    public void Bytes_are_those_between_words_too()
    {
        JsonElement json = Command.Run(Command.Utf8("I  love AI !"), "score", models.Words, "-", "--json").Succeeded().Json();
        Assert.Equal(" love AI !".Length, Int(json, "bytes"));
        double bits = json.GetProperty("loss").GetDouble() * 3 / Math.Log(2) / 10;
        Assert.Equal(bits, json.GetProperty("bits_per_byte").GetDouble(), 1e-12);
    }

    [Fact]
    public void Score_of_text_that_is_none_says_so()
    {
        Command.Run([0xFF, 0xFE, 0x41, 0], "score", models.Shakespeare, "-").Failed(3, "it begins as UTF-16 does");
        Command.Run([0x41, 0xC3], "score", models.Shakespeare, "-", "--json").Failed(3, "is not UTF-8: byte 1 is 0xC3");
        Command.Run(new byte[(16 << 20) + 1], "score", models.Shakespeare, "-").Failed(3, "longer than 16 MiB");
    }

    [Fact]
    public void Score_of_less_than_two_tokens_says_so()
    {
        Command.Run([], "score", models.Shakespeare, "-").Failed(3, "the text has 0 tokens; at least 2 are needed: the first is only looked at");
        Command.Run(Command.Utf8("a"), "score", models.Shakespeare, "-").Failed(3, "the text has 1 token; at least 2");
    }

    [Fact]
    public void Score_needs_a_vocabulary() =>
        Command.Run(Command.Utf8("I love"), "score", models.NoVocabulary, "-").Failed(2, "has no vocabulary");

    [Fact]
    public void Score_treats_unknown_text_as_told()
    {
        Command.Run(Command.Utf8("caf\u00e9!"), "score", models.Shakespeare, "-").Failed(2, "--unknown skip");
        CommandResult skipped = Command.Run(Command.Utf8("caf\u00e9!"), "score", models.Shakespeare, "-", "--json", "--unknown", "skip").Succeeded();
        skipped.Says("warning: the vocabulary has no character 'é' (U+00E9)");
        Assert.Equal(Expected(models.Shakespeare, "caf!"), skipped.Json().GetProperty("loss").GetDouble(), 1e-9);
    }

    [Fact]
    public void Score_takes_special_tokens_as_text_unless_told()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(folder.File("bpe.bin"), TinyModels.Config with { VocabSize = 259 }, tokenizer: TinyModels.Bpe());
        byte[] text = Command.Utf8("a<|endoftext|>b");
        Assert.Equal(14, Int(Command.Run(text, "score", weights, "-", "--json").Succeeded().Json(), "tokens"));
        Assert.Equal(2, Int(Command.Run(text, "score", weights, "-", "--json", "--special").Succeeded().Json(), "tokens"));
    }

    [Fact]
    public void Score_begins_with_the_start_token_where_every_text_does()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(
            folder.File("w.bin"), TinyModels.Config, tokenizer: TinyModels.Characters("abcdefghijk"),
            generation: new GenerationDefaults { StartToken = 10, StartBeforePrompt = true });
        JsonElement json = Command.Run(Command.Utf8("ab"), "score", weights, "-", "--json").Succeeded().Json();
        Assert.Equal(2, Int(json, "tokens"));
        Assert.Equal(Expected(weights, "kab"), json.GetProperty("loss").GetDouble(), 1e-9);
    }

    [Fact]
    public void Score_of_a_model_that_computes_no_numbers_says_so()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = folder.File("w.bin");
        ModelDescription description = new() { Config = TinyModels.Config, Tokenizer = TinyModels.Characters("abcdefghijk") };
        ModelFile.Write(weights, description, ElementType.F32, spec => stream => stream.Write(MemoryMarshal.AsBytes(Broken(spec).AsSpan())), overwrite: false);
        Command.Run(Command.Utf8("abc"), "score", weights, "-", "--json").Failed(3, "the loss is not a number at token 1: the model");
        string good = TinyModels.Write(folder.File("good.bin"), TinyModels.Config, tokenizer: TinyModels.Characters("abcdefghijk"));
        Command.Run(Command.Utf8("abc"), "score", weights, "-", "--against", good).Failed(3, "at token 1: the model");
        Command.Run(Command.Utf8("abc"), "score", good, "-", "--against", weights).Failed(3, "at token 1: the baseline");
        Command.Run(Command.Utf8("abc"), "score", weights, "-", "--json", "--per-token").Failed(3, "at token 1");   // nothing was gathered to be printed

        static float[] Broken(TensorSpec spec)
        {
            float[] values = TinyModels.Values(spec, seed: 1);
            if (spec.Name == "token_embedding")
                values[0] = float.NaN;
            return values;
        }
    }

    [Fact]
    public void Interrupt_ends_with_130_and_prints_no_score()
    {
        using var output = new MemoryStream();
        CommandResult result = Command.Run(output, Command.Utf8(Text), new CancellationToken(canceled: true), "score", models.Shakespeare, "-");
        result.Failed((int)ExitCode.Interrupted, "interrupted");
        Assert.Equal(0, output.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Progress_is_shown_on_a_terminal_only(bool isTerminal)
    {
        using var error = new StringWriter();
        var console = new CommandConsole
        {
            Input = new MemoryStream(Command.Utf8(Text)), Output = Stream.Null, Error = error, ErrorIsTerminal = isTerminal,
            WatchInterrupt = () => CancellationToken.None,
        };
        Assert.Equal(ExitCode.Done, Cli.Run(["score", models.Shakespeare, "-"], console));
        Assert.Equal(isTerminal, error.ToString().Contains("64 of 149 tokens", StringComparison.Ordinal));
        Assert.Equal(isTerminal, error.ToString().Length > 0);
    }

    private static int Int(JsonElement json, string name) => json.GetProperty(name).GetInt32();
}
