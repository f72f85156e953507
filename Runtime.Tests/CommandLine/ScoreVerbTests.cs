using System.Text.Json;
using MyGpt.CommandLine;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

[Collection(SharedModels.Name)]
public class ScoreVerbTests(Models models)
{
    // 150 characters: two windows of 64 and one of 21.
    private static readonly string Text = string.Concat(Enumerable.Repeat("First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, ", 3))[..150];

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
                + @"tokens +149  predicted, in windows of 64\nspeed +[\d.]+  tokens/s\n$",
            result.Output);
        Assert.Equal("", result.Error);
        Command.Run("score", models.Shakespeare, folder.File("missing")).Failed(4, "does not exist");
        Command.Run("score", models.Shakespeare, folder.FullPath).Failed(4, "is a folder");
    }

    [Fact]
    public void Score_of_less_than_two_tokens_is_a_usage_error()
    {
        Command.Run([], "score", models.Shakespeare, "-").Failed(2, "the text has 0 tokens; at least 2");
        Command.Run(Command.Utf8("a"), "score", models.Shakespeare, "-").Failed(2, "the text has 1 token; at least 2");
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
        string weights = TinyModels.Write(folder.File("w.bin"), TinyModels.Config, tokenizer: TinyModels.Characters("abcdefghijk"));
        byte[] bytes = File.ReadAllBytes(weights);
        using (ModelFile file = ModelFile.Open(weights))
        {
            long at = file.File.Sections.Single(section => section.Name == "token_embedding").Offset;
            BitConverter.TryWriteBytes(bytes.AsSpan((int)at), float.NaN);
        }
        File.WriteAllBytes(weights, bytes);
        Command.Run(Command.Utf8("abc"), "score", weights, "-", "--json").Failed(3, "the loss is not a number at token 1: the model");
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

    // Window by window, from the logits of one call each: -ln p of every token behind the first.
    private static double Expected(string weights, string text, KvType kvType = KvType.F32)
    {
        using LanguageModel model = LanguageModel.Open(weights, threads: 1);
        using var activations = new Activations(model.Gpt.Config, 1);
        int[] ids = model.Tokenizer!.Encode(text);
        int context = model.Gpt.Config.ContextLength, v = model.Gpt.Config.VocabSize;
        double sum = 0;
        for (int start = 0; start < ids.Length - 1; start += context)
        {
            int count = Math.Min(context, ids.Length - 1 - start);
            using var cache = new KvCache(model.Gpt.Config, kvType);
            var batch = new TokenBatch();
            batch.Add(cache, ids.AsSpan(start, count), LogitRows.All);
            float[] logits = model.Gpt.Forward(batch, activations).ToArray();
            for (int t = 0; t < count; t++)
            {
                double[] row = [.. logits[(t * v)..((t + 1) * v)].Select(logit => (double)logit)];
                sum += Math.Log(row.Sum(logit => Math.Exp(logit - row.Max()))) + row.Max() - row[ids[start + t + 1]];
            }
        }
        return sum / (ids.Length - 1);
    }
}
