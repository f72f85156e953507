using System.Text.Json.Nodes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime;

/// <summary>How the code that trained a model starts and ends a text.</summary>
public sealed record GenerationDefaults
{
    private static readonly string[] Keys = ["start_token", "end_token"];

    /// <summary>The token that stands before a text without a prompt; null when the family has none.</summary>
    public int? StartToken { get; init; }

    /// <summary>The token after which a text is complete; null when the family generates until it is stopped.</summary>
    public int? EndToken { get; init; }

    internal static GenerationDefaults Read(WeightsFile file, int vocabSize)
    {
        HeaderObject json = new(file.Path, "header.generation", file.Generation, Keys);
        return new GenerationDefaults
        {
            StartToken = (int?)json.OptionalInteger("start_token", 0, vocabSize - 1),
            EndToken = (int?)json.OptionalInteger("end_token", 0, vocabSize - 1),
        };
    }

    internal JsonObject Write() => new() { ["start_token"] = StartToken, ["end_token"] = EndToken };

    internal void Validate(int vocabSize)
    {
        if (StartToken is { } start && (start < 0 || start >= vocabSize))
            throw new ArgumentException($"start_token: {start} found, 0 to {vocabSize - 1} needed");
        if (EndToken is { } end && (end < 0 || end >= vocabSize))
            throw new ArgumentException($"end_token: {end} found, 0 to {vocabSize - 1} needed");
    }
}
