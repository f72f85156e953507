using System.Text.Json;
using System.Text.RegularExpressions;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;
using static MyGpt.Runtime.Tests.CommandLine.ScoreReference;

namespace MyGpt.Runtime.Tests.CommandLine;

[Collection(SharedModels.Name)]
public class ScoreComparisonTests(Models models)
{
    [Fact]
    public void Comparison_shows_what_the_logits_of_both_models_say()
    {
        string narrow = models.ShakespeareQ4;
        CommandResult result = Command.Run(Command.Utf8(Text), "score", narrow, "-", "--against", models.Shakespeare, "--json", "--per-token").Succeeded();
        JsonElement json = result.Json(), against = json.GetProperty("against");
        List<(int Id, double[] Row)> q = LogProbabilities(narrow, Text), p = LogProbabilities(models.Shakespeare, Text);
        double[] kl = [.. p.Zip(q, (a, b) => a.Row.Zip(b.Row, (x, y) => Math.Exp(x) * (x - y)).Sum())];
        double[] increase = [.. p.Zip(q, (a, b) => a.Row[a.Id] - b.Row[b.Id])];
        double model = q.Average(token => -token.Row[token.Id]), baseline = p.Average(token => -token.Row[token.Id]);
        Assert.Equal((model, baseline), (json.GetProperty("loss").GetDouble(), against.GetProperty("loss").GetDouble()), Near);
        Assert.Equal(models.Shakespeare, against.GetProperty("file").GetString());
        Assert.Equal(100 * (Math.Exp(model) / Math.Exp(baseline) - 1), json.GetProperty("perplexity_increase_percent").GetDouble(), 1e-7);
        Assert.Equal(kl.Average(), json.GetProperty("kl_divergence").GetDouble(), 1e-9);
        Assert.Equal(p.Zip(q, (a, b) => Top(a.Row) == Top(b.Row) ? 1.0 : 0).Average(), json.GetProperty("same_top_share").GetDouble(), 1e-12);

        int[] worst = [.. increase.Select((value, i) => (value, i)).OrderByDescending(item => item.value).Take(10).Select(item => item.i + 1)];
        Assert.Equal(worst, json.GetProperty("worst").EnumerateArray().Select(token => token.GetProperty("index").GetInt32()));
        JsonElement first = json.GetProperty("worst")[0];
        int begin = Math.Max(0, worst[0] - 40);
        Assert.Equal((Text[begin..worst[0]], Text[worst[0]..(worst[0] + 1)]), (first.GetProperty("before").GetString(), first.GetProperty("text").GetString()));
        JsonElement[] tokens = [.. json.GetProperty("per_token").EnumerateArray()];
        for (int i = 0; i < kl.Length; i++)
        {
            Assert.Equal(kl[i], tokens[i + 1].GetProperty("kl_divergence").GetDouble(), 1e-9);
            Assert.Equal(increase[i], tokens[i + 1].GetProperty("loss").GetDouble() - tokens[i + 1].GetProperty("against_loss").GetDouble(), 1e-9);
        }

        CommandResult table = Command.Run(Command.Utf8(Text), "score", narrow, "-", "--against", models.Shakespeare).Succeeded();
        table.Shows("\nKL divergence ", "\nsame top token ", "nats per token, standard error ", "\nchange ", "  after\n");
        Assert.Matches(@"\nbits per byte +\d\.\d{3} +\d\.\d{3} +[+-]\d\.\d{5}  of 149\n", table.Output);
        Assert.Contains($"{(100 * (Math.Exp(model - baseline) - 1)).ToString("+0.00;-0.00", System.Globalization.CultureInfo.InvariantCulture)} %\n", table.Output, StringComparison.Ordinal);

        static int Top(double[] row) => Array.IndexOf(row, row.Max());
    }

    [Fact]
    public void Comparison_table_has_the_figures_of_the_json_each_in_its_column()
    {
        string[] args = ["score", models.ShakespeareQ4, "-", "--against", models.Shakespeare];
        JsonElement json = Command.Run(Command.Utf8(Text), [.. args, "--json"]).Succeeded().Json(), against = json.GetProperty("against"), first = json.GetProperty("worst")[0];
        string[] table = Command.Run(Command.Utf8(Text), args).Succeeded().Output.Split('\n');
        Row("loss", [Of(json, "loss", "0.00000"), Of(against, "loss", "0.00000"), Of(json, "loss_increase", "+0.00000;-0.00000")]);
        Row("perplexity", [Of(json, "perplexity", "0.000"), Of(against, "perplexity", "0.000"), Of(json, "perplexity_increase_percent", "+0.00;-0.00")]);
        double bits = json.GetProperty("bits_per_byte").GetDouble() - against.GetProperty("bits_per_byte").GetDouble();
        Row("bits per byte", [Of(json, "bits_per_byte", "0.000"), Of(against, "bits_per_byte", "0.000"), Number(bits, "+0.00000;-0.00000")]);
        double increase = first.GetProperty("loss").GetDouble() - first.GetProperty("against_loss").GetDouble();
        Row(Number(increase, "+0.00"), [Of(first, "loss", "0.00"), Of(first, "against_loss", "0.00"), Of(first, "kl_divergence", "0.00"), Of(first, "index", "0")]);
        string before = first.GetProperty("before").GetString()!.Replace("\n", "\\n", StringComparison.Ordinal);
        Assert.EndsWith($"  '{before}'", table[Array.FindIndex(table, line => line.StartsWith("change", StringComparison.Ordinal)) + 1], StringComparison.Ordinal);
        Assert.Equal(
            100 * Math.Exp(json.GetProperty("loss_increase").GetDouble()) * json.GetProperty("loss_increase_standard_error").GetDouble(),
            json.GetProperty("perplexity_increase_percent_standard_error").GetDouble(), 1e-9);

        void Row(string name, string[] cells) =>
            Assert.Single(table, line => Regex.IsMatch(line, $"^ *{Regex.Escape(name)} +{string.Join(" +", cells.Select(Regex.Escape))}( |$)"));
        static string Of(JsonElement item, string name, string format) => Number(item.GetProperty(name).GetDouble(), format);
        static string Number(double value, string format) => value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Comparison_with_itself_differs_in_nothing()
    {
        JsonElement json = Command.Run(Command.Utf8(Text), "score", models.Shakespeare, "-", "--against", models.Shakespeare, "--json").Succeeded().Json();
        Assert.Equal((0.0, 0.0, 1.0), (json.GetProperty("perplexity_increase_percent").GetDouble(), json.GetProperty("kl_divergence").GetDouble(), json.GetProperty("same_top_share").GetDouble()));
        Assert.Equal((0.0, 0), (json.GetProperty("loss_increase_standard_error").GetDouble(), json.GetProperty("worst").GetArrayLength()));
        Command.Run(Command.Utf8("First"), "score", models.Shakespeare, "-", "--against", models.Shakespeare).Succeeded().Shows(" 0 %\n", "nats per token\n");
    }

    [Fact]
    public void Comparison_of_models_of_two_contexts_is_in_windows_of_the_smaller()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string large = Tiny(TinyModels.Config, 1), small = Tiny(TinyModels.Config with { ContextLength = 3 }, 2);
        JsonElement json = Command.Run(Command.Utf8("abcdefghij"), "score", large, "-", "--against", small, "--json").Succeeded().Json();
        Assert.Equal(3, json.GetProperty("context_length").GetInt32());
        Assert.Equal(Expected(small, "abcdefghij"), json.GetProperty("against").GetProperty("loss").GetDouble(), 1e-9);
        json = Command.Run(Command.Utf8("abcdefghij"), "score", small, "-", "--against", large, "--json").Succeeded().Json();
        Assert.Equal(3, json.GetProperty("context_length").GetInt32());
        Assert.Equal(Expected(small, "abcdefghij"), json.GetProperty("loss").GetDouble(), 1e-9);

        string Tiny(GptConfig config, int seed) =>
            TinyModels.Write(folder.File($"{seed}.bin"), config, seed, tokenizer: TinyModels.Characters("abcdefghijk"));
    }

    [Fact]
    public void Comparison_needs_one_vocabulary()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string tiny = Tiny("tiny", "abcdefghijk"), other = Tiny("other", "abcdefghikj"), fewer = Tiny("fewer", "abcdefghij"), ids = TinyModels.Write(folder.File("ids"), TinyModels.Config);
        string started = TinyModels.Write(
            folder.File("started"), TinyModels.Config, tokenizer: TinyModels.Characters("abcdefghijk"),
            generation: new GenerationDefaults { StartToken = 10, StartBeforePrompt = true });
        Fails(models.Shakespeare, "they choose among 11 and 65 tokens");
        Fails(other, "their tokenizers differ");
        Fails(fewer, "their tokenizers differ");
        Fails(ids, "their tokenizers differ");
        Fails(started, "they begin a text with different tokens");
        Command.Run(Command.Utf8("ab"), "score", ids, "-", "--against", ids).Failed(2, "has no vocabulary");
        Command.Run(Command.Utf8("ab"), "score", tiny, "-", "--against", folder.File("missing")).Failed(4, "does not exist");
        Command.Run(Command.Utf8("ab"), "score", tiny, "-", "--against", tiny).Succeeded();

        void Fails(string against, string why) =>
            Command.Run(Command.Utf8("ab"), "score", tiny, "-", "--against", against).Failed(2, $"'{tiny}' and '{against}' cannot be compared: {why}");
        string Tiny(string name, string characters) => TinyModels.Write(folder.File(name), TinyModels.Config, tokenizer: TinyModels.Characters(characters));
    }

    private static bool Near((double, double) a, (double, double) b) => Math.Abs(a.Item1 - b.Item1) < 1e-9 && Math.Abs(a.Item2 - b.Item2) < 1e-9;
}
