using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Scoring;

namespace MyGpt.CommandLine.Score;

/// <summary>A comparison of two models as a text and as JSON.</summary>
/// <param name="comparison">What was found.</param>
/// <param name="text">On which text.</param>
/// <param name="setup">How.</param>
/// <param name="baselinePath">The file that the model was compared with.</param>
internal sealed class ComparisonReport(TextComparison comparison, ScoredText text, ScoreSetup setup, string baselinePath) : IReport
{
    // Of the text before a token, and of the token: as much as a line has room for.
    private const int ContextBytes = 40, TokenBytes = 20;

    /// <inheritdoc/>
    public void Print(TextWriter output)
    {
        TextScore score = comparison.Score, baseline = comparison.Baseline;
        var table = new TextTable(false, true, true, true, false);
        table.Add("", "model", "against", "change", "");
        table.Add("loss", Text("0.00000", score.Loss.Mean), Text("0.00000", baseline.Loss.Mean), Text("+0.00000;-0.00000;0", comparison.Increase.Mean),
            $"nats per token{ScoreReport.ErrorText(comparison.Increase, setup.ContextLength)}");
        table.Add("perplexity", Text("0.000", score.Perplexity), Text("0.000", baseline.Perplexity), PerplexityChange(comparison), "");
        if (score.Bytes > 0)
        {
            table.Add("bits per byte", Text("0.000", score.BitsPerByte), Text("0.000", baseline.BitsPerByte),
                Text("+0.00000;-0.00000;0", score.BitsPerByte - baseline.BitsPerByte), $"of {Figures.Count(score.Bytes)}");
        }
        table.Add("KL divergence", "", "", Text("0.00000", comparison.Divergence.Mean),
            $"nats per token{ScoreReport.ErrorText(comparison.Divergence, setup.ContextLength)}");
        table.Add("same top token", "", "", Text("0.00 %", comparison.SameTopShare), $"of {Figures.Count(score.Loss.Count)}");
        table.Write(output);

        var run = new TextTable(false, true, false);
        ScoreReport.AddSetup(run, score.Loss.Count, setup, speedOf: ", both models");
        run.Write(output);
        PrintWorst(output);
    }

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json)
    {
        ScoreReport.WriteFigures(json, comparison.Score);
        ScoreReport.WriteSetup(json, comparison.Score, setup);
        json.WriteStartObject("against");
        json.WriteString("file", baselinePath);
        ScoreReport.WriteFigures(json, comparison.Baseline);
        json.WriteEndObject();
        WriteChange(json, comparison);
        json.WriteStartArray("worst");
        foreach ((int index, TokenComparison token) in comparison.Worst.InOrder)
        {
            json.WriteStartObject();
            json.WriteNumber("index", index);
            json.WriteString("before", TokenText.Plain(text.BytesBefore(index, ContextBytes)));
            TokenJson.WriteToken(json, text, index);
            TokenJson.WriteComparison(json, token);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>By how much the perplexity is larger, in words.</summary>
    public static string PerplexityChange(TextComparison comparison) => Text("+0.00 %;-0.00 %;0 %", comparison.PerplexityIncrease);

    /// <summary>Writes the differences.</summary>
    public static void WriteChange(Utf8JsonWriter json, TextComparison comparison)
    {
        json.WriteNumber("loss_increase", comparison.Increase.Mean);
        JsonOutput.WriteNumber(json, "loss_increase_standard_error", comparison.Increase.StandardError);
        JsonOutput.WriteNumber(json, "perplexity_increase_percent", comparison.PerplexityIncrease * 100);
        JsonOutput.WriteNumber(json, "perplexity_increase_percent_standard_error", comparison.PerplexityIncreaseError * 100);
        json.WriteNumber("kl_divergence", comparison.Divergence.Mean);
        JsonOutput.WriteNumber(json, "kl_divergence_standard_error", comparison.Divergence.StandardError);
        json.WriteNumber("same_top_share", comparison.SameTopShare);
    }

    private void PrintWorst(TextWriter output)
    {
        (int Index, TokenComparison Comparison)[] worst = [.. comparison.Worst.InOrder];
        if (worst.Length == 0)
            return;
        output.WriteLine();
        var table = new TextTable(true, true, true, true, true, false, false);
        table.Add("change", "model", "against", "KL", "token", "", "after");
        foreach ((int index, TokenComparison token) in worst)
        {
            ReadOnlySpan<byte> bytes = text.Bytes(index);
            table.Add(Text("+0.00", token.Increase), Text("0.00", token.Score.Loss), Text("0.00", token.Baseline.Loss), Text("0.00", token.Divergence),
                Figures.Count(index), TokenText.Shown(bytes[..Math.Min(TokenBytes, bytes.Length)]), TokenText.Shown(text.BytesBefore(index, ContextBytes)));
        }
        table.Write(output);
    }

    private static string Text(string format, double value) => value.ToString(format, CultureInfo.InvariantCulture);
}
