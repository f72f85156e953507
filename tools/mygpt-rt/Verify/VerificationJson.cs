using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>A verification as the members of a JSON object.</summary>
/// <remarks>JSON has no infinity: what a logit that is not a number makes infinite is null.</remarks>
internal static class VerificationJson
{
    /// <summary>Writes them.</summary>
    public static void Write(Utf8JsonWriter json, Verification result)
    {
        json.WriteBoolean("pass", result.Pass);
        json.WriteBoolean("judged", result.IsJudged);
        json.WriteStartArray("cases");
        foreach (CaseResult item in result.Cases)
        {
            json.WriteStartObject();
            json.WriteString("name", item.Name);
            WriteFigures(json, item.Figures, result.Limit);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (result.Cases.Count > 0)
        {
            json.WriteStartObject("total");
            WriteFigures(json, result.Total, result.Limit);
            json.WriteEndObject();
        }
        json.WriteStartArray("greedy");
        foreach (GreedyResult item in result.Greedy)
        {
            json.WriteStartObject();
            json.WriteString("name", item.Name);
            json.WriteBoolean("identical", item.Identical);
            json.WriteNumber("tokens", item.Length);
            json.WriteNumber("same_tokens", item.SameTokens);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (result.Layers is { } layers)
            WriteLayers(json, layers);
    }

    private static void WriteFigures(Utf8JsonWriter json, LogitFigures figures, double? limit)
    {
        Number(json, "max_abs_diff", figures.MaxDifference);
        Number(json, "limit", limit);
        json.WriteNumber("argmax_mismatches", figures.ArgMaxMismatches);
        json.WriteNumber("argmax_positions", figures.ArgMaxPositions);
        Number(json, "mean_abs_diff", figures.MeanDifference);
        Number(json, "rms_diff", figures.RmsDifference);
        json.WriteNumber("positions", figures.Rows);
        json.WriteNumber("logits", figures.Count);
        json.WriteNumber("not_finite", figures.NotFinite);
        Number(json, "top20_share", (double)figures.TopShared / figures.TopWanted);
        json.WriteNumber("top20_equal", figures.EqualTopRows);
        Number(json, "kl_mean", figures.MeanDivergence);
        Number(json, "kl_max", figures.MaxDivergence);
        json.WriteStartArray("ulp_histogram");
        foreach (UlpBin bin in figures.Ulps.Bins)
        {
            json.WriteStartObject();
            json.WriteNumber("from", bin.From);
            json.WriteNumber("to", bin.To);
            json.WriteNumber("count", bin.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteLayers(Utf8JsonWriter json, LayerVerification layers)
    {
        json.WriteStartObject("layers");
        if (layers.First is { } first)
            WriteOperation(json, "first_divergence", first);
        else
            json.WriteNull("first_divergence");
        json.WriteStartArray("not_compared_before");
        foreach (OperationSpec operation in layers.NotComparedBefore)
            json.WriteStringValue(operation.Name);
        json.WriteEndArray();
        json.WriteStartArray("operations");
        foreach (OperationResult operation in layers.Operations)
            WriteOperation(json, null, operation);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter json, string? key, OperationResult operation)
    {
        if (key is null)
            json.WriteStartObject();
        else
            json.WriteStartObject(key);
        json.WriteString("name", operation.Spec.Name);
        if (operation.Spec.Layer is { } layer)
            json.WriteNumber("layer", layer);
        else
            json.WriteNull("layer");
        Number(json, "max_abs_value", operation.Largest);
        Number(json, "max_abs_diff", operation.MaxDifference);
        Number(json, "limit", operation.Limit);
        Number(json, "rms_diff", operation.RmsDifference);
        Number(json, "rms_limit", operation.RmsLimit);
        json.WriteBoolean("diverges", operation.Diverges);
        if (operation.Where is { } where)
        {
            json.WriteString("case", where.Case);
            json.WriteNumber("position", where.Position);
            json.WriteNumber("index", where.Index);
        }
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, string name, double? value) => JsonOutput.WriteNumber(json, name, value ?? double.NaN);
}
