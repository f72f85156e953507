using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;

namespace MyGpt.CommandLine.Verbs;

/// <summary>A score as a text and as JSON.</summary>
/// <param name="score">What was found.</param>
/// <param name="contextLength">The longest window.</param>
/// <param name="kvType">What keys and values were cached as.</param>
/// <param name="threads">Threads that computed.</param>
/// <param name="duration">How long it took.</param>
internal sealed class ScoreReport(TextScore score, int contextLength, KvType kvType, int threads, TimeSpan duration)
{
    private double Rate => score.Tokens / duration.TotalSeconds;

    /// <summary>Writes a table.</summary>
    public void Print(TextWriter output)
    {
        var table = new TextTable(false, true, false);
        table.Add("loss", score.MeanLoss.ToString("0.00000", CultureInfo.InvariantCulture), "nats per token");
        table.Add("perplexity", score.Perplexity.ToString("0.000", CultureInfo.InvariantCulture), "");
        table.Add("tokens", Figures.Count(score.Tokens), $"predicted, in windows of {Figures.Count(contextLength)}");
        table.Add("speed", Figures.Rate(Rate), "tokens/s");
        table.Write(output);
    }

    /// <summary>Writes the members of the JSON object.</summary>
    /// <remarks>JSON has neither infinity nor NaN: a loss that is no finite number is null.</remarks>
    public void Write(Utf8JsonWriter json)
    {
        Number(json, "loss", score.MeanLoss);
        Number(json, "perplexity", score.Perplexity);
        json.WriteNumber("tokens", score.Tokens);
        json.WriteNumber("context_length", contextLength);
        json.WriteString("kv_type", kvType.Code());
        json.WriteNumber("threads", threads);
        json.WriteNumber("tok_s", Math.Round(Rate, 2));
    }

    private static void Number(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
