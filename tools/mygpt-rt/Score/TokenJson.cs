using System.Text.Json;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Scoring;

namespace MyGpt.CommandLine.Score;

/// <summary>The tokens of a text and how they were predicted, as the JSON array <c>per_token</c>; written while the models compute.</summary>
/// <param name="json">Where to.</param>
/// <param name="text">The text.</param>
internal sealed class TokenJson(Utf8JsonWriter json, ScoredText text)
{
    // Gathered before it goes out.
    private const int Buffered = 1 << 16;

    /// <summary>Begins the array; its first element is the token that is only looked at.</summary>
    public void Begin()
    {
        json.WriteStartArray("per_token");
        Write(0, static json =>
        {
            json.WriteNull("loss");
            json.WriteNull("rank");
        });
    }

    /// <summary>Writes the next token.</summary>
    public void Add(int index, TokenScore score) => Write(index, json => WriteScore(json, score));

    /// <summary>Writes the next token of two models.</summary>
    public void Add(int index, TokenComparison comparison) => Write(index, json => WriteComparison(json, comparison));

    /// <summary>Ends the array.</summary>
    public void End() => json.WriteEndArray();

    /// <summary>Writes a token's id, text and bytes.</summary>
    public static void WriteToken(Utf8JsonWriter json, ScoredText text, int index)
    {
        ReadOnlySpan<byte> bytes = text.Bytes(index);
        json.WriteNumber("id", text.Tokens[index]);
        json.WriteString("text", TokenText.Plain(bytes));
        json.WriteStartArray("bytes");
        foreach (byte value in bytes)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }

    /// <summary>Writes how two models predicted a token.</summary>
    public static void WriteComparison(Utf8JsonWriter json, TokenComparison comparison)
    {
        WriteScore(json, comparison.Score);
        json.WriteNumber("against_loss", comparison.Baseline.Loss);
        json.WriteNumber("against_rank", comparison.Baseline.Rank);
        json.WriteNumber("kl_divergence", comparison.Divergence);
    }

    private static void WriteScore(Utf8JsonWriter json, TokenScore score)
    {
        json.WriteNumber("loss", score.Loss);
        json.WriteNumber("rank", score.Rank);
    }

    private void Write(int index, Action<Utf8JsonWriter> score)
    {
        json.WriteStartObject();
        WriteToken(json, text, index);
        score(json);
        json.WriteEndObject();
        if (json.BytesPending > Buffered)
            json.Flush();
    }
}
