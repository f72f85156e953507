using System.Text;
using System.Text.Json;
using MyGpt.Runtime.Generation;

namespace MyGpt.CommandLine.Verbs;

/// <summary>The object that <c>generate --json</c> prints.</summary>
/// <param name="prompt">The prompt's text; null for a model without a vocabulary.</param>
/// <param name="hasText">Whether the samples have text.</param>
/// <param name="count">Number of samples.</param>
internal sealed class GenerationAnswer(string? prompt, bool hasText, int count)
{
    private readonly StringBuilder[] _texts = [.. Enumerable.Range(0, count).Select(_ => new StringBuilder())];

    /// <summary>Takes what a step added.</summary>
    public void Take(IReadOnlyList<GeneratedSample> samples)
    {
        for (int i = 0; i < count; i++)
            _texts[i].Append(samples[i].NewText);
    }

    /// <summary>Writes the members of the JSON object.</summary>
    public void Write(Utf8JsonWriter json, GenerationRun run, GenerationOptions options)
    {
        json.WriteString("prompt", prompt);
        Write(json, "prompt_ids", run.PromptIds);
        json.WriteNumber("seed", run.Seed);
        json.WriteStartArray("samples");
        for (int i = 0; i < count; i++)
        {
            GeneratedSample sample = run.Samples[i];
            json.WriteStartObject();
            json.WriteString("text", hasText ? _texts[i].ToString() : null);
            Write(json, "ids", sample.Ids);
            json.WriteString("finish_reason", sample.FinishReason?.ToJsonName());
            if (sample.LogitsHash is { } hash)
                json.WriteString("logits_sha256", hash);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (options.Speculate == 0)
            return;
        json.WriteStartObject("speculation");
        json.WriteNumber("proposed_tokens", run.Statistics.ProposedTokens);
        json.WriteNumber("accepted_tokens", run.Statistics.AcceptedTokens);
        json.WriteNumber("steps", run.Statistics.DecodeSteps);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, ReadOnlySpan<int> ids)
    {
        json.WriteStartArray(name);
        foreach (int id in ids)
            json.WriteNumberValue(id);
        json.WriteEndArray();
    }
}
