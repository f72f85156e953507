using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;

namespace MyGpt.CommandLine.Score;

/// <summary>A score as a text and as JSON.</summary>
/// <param name="score">What was found.</param>
/// <param name="setup">How.</param>
internal sealed class ScoreReport(TextScore score, ScoreSetup setup) : IReport
{
    /// <inheritdoc/>
    public void Print(TextWriter output)
    {
        var table = new TextTable(false, true, false);
        table.Add("loss", score.Loss.Mean.ToString("0.00000", CultureInfo.InvariantCulture), $"nats per token{ErrorText(score.Loss, setup.ContextLength)}");
        table.Add("perplexity", score.Perplexity.ToString("0.000", CultureInfo.InvariantCulture), "");
        if (score.Bytes > 0)
            table.Add("bits per byte", score.BitsPerByte.ToString("0.000", CultureInfo.InvariantCulture), $"of {Figures.Count(score.Bytes)}");
        AddSetup(table, score.Loss.Count, setup);
        table.Write(output);
    }

    /// <inheritdoc/>
    public void Write(Utf8JsonWriter json)
    {
        WriteFigures(json, score);
        WriteSetup(json, score, setup);
    }

    /// <summary>The standard error of a mean in words; nothing where one block is all there is.</summary>
    public static string ErrorText(CorrelatedMean mean, int blockLength) => mean.Blocks < 2 ? "" : string.Create(
        CultureInfo.InvariantCulture, $", standard error {mean.StandardError:0.00000} over {Figures.Count(mean.Blocks)} blocks of {Figures.Count(blockLength)}");

    /// <summary>Adds how many tokens were predicted, how, and how fast.</summary>
    public static void AddSetup(TextTable table, long tokens, ScoreSetup setup, string speedOf = "")
    {
        string step = setup.Stride == setup.ContextLength ? "" : $", each {Figures.Count(setup.Stride)} further";
        table.Add("tokens", Figures.Count(tokens), $"predicted, in windows of {Figures.Count(setup.ContextLength)}{step}");
        if (setup.Speed(tokens) is { } speed)
            table.Add("speed", Figures.Rate(speed), $"tokens/s{speedOf}");
        else
            table.Add("speed", "", "too short a run to time");
    }

    /// <summary>Writes what was found of one model.</summary>
    public static void WriteFigures(Utf8JsonWriter json, TextScore score)
    {
        json.WriteNumber("loss", score.Loss.Mean);
        JsonOutput.WriteNumber(json, "standard_error", score.Loss.StandardError);
        JsonOutput.WriteNumber(json, "perplexity", score.Perplexity);
        JsonOutput.WriteNumber(json, "bits_per_byte", score.BitsPerByte);
    }

    /// <summary>Writes how it was found.</summary>
    public static void WriteSetup(Utf8JsonWriter json, TextScore score, ScoreSetup setup)
    {
        json.WriteNumber("tokens", score.Loss.Count);
        json.WriteNumber("bytes", score.Bytes);
        json.WriteNumber("blocks", score.Loss.Blocks);
        json.WriteNumber("context_length", setup.ContextLength);
        json.WriteNumber("stride", setup.Stride);
        json.WriteString("kv_type", setup.KvType.Code());
        json.WriteNumber("threads", setup.Threads);
        JsonOutput.WriteNumber(json, "tok_s", Math.Round(setup.Speed(score.Loss.Count) ?? double.NaN, 2));
    }
}
