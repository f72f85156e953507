using System.Text.Json.Nodes;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime;

/// <summary>How the code that trained a model starts and ends a text.</summary>
public sealed record GenerationDefaults
{
    private const string StartTokenKey = "start_token", StartBeforePromptKey = "start_before_prompt",
        EndTokenKey = "end_token", OverflowKey = "overflow";

    private static readonly string[] Keys = [StartTokenKey, StartBeforePromptKey, EndTokenKey, OverflowKey];

    /// <summary>The token that stands before a text without a prompt; null when the family has none.</summary>
    public int? StartToken { get; init; }

    /// <summary>
    /// Whether <see cref="StartToken"/> stands before the text of a prompt too, as in families whose every training text began with it;
    /// else it only takes the place of an empty one.
    /// </summary>
    public bool StartBeforePrompt { get; init; }

    /// <summary>The token after which a text is complete; null when the family generates until it is stopped.</summary>
    public int? EndToken { get; init; }

    /// <summary>What the family does when a text outgrows the context; null when it is the tutorials' cropping.</summary>
    public Overflow? Overflow { get; init; }

    internal static GenerationDefaults Read(WeightsFile file, int vocabSize)
    {
        HeaderObject json = new(file.Path, "header.generation", file.Generation, Keys);
        GenerationDefaults defaults = new()
        {
            StartToken = (int?)json.OptionalInteger(StartTokenKey, 0, vocabSize - 1),
            StartBeforePrompt = json.Boolean(StartBeforePromptKey, absent: false),
            EndToken = (int?)json.OptionalInteger(EndTokenKey, 0, vocabSize - 1),
            Overflow = json.Has(OverflowKey) ? json.Code<Overflow>(OverflowKey, Code) : null,
        };
        return defaults is { StartBeforePrompt: true, StartToken: null }
            ? throw json.Unexpected(StartBeforePromptKey, $"false without a {StartTokenKey}")
            : defaults;
    }

    /// <summary>The header's object. The younger keys are there only where they say something.</summary>
    internal JsonObject Write()
    {
        JsonObject json = new() { [StartTokenKey] = StartToken, [EndTokenKey] = EndToken };
        if (StartBeforePrompt)
            json[StartBeforePromptKey] = true;
        if (Overflow is { } overflow)
            json[OverflowKey] = Code(overflow);
        return json;
    }

    internal void Validate(int vocabSize)
    {
        if (StartToken is { } start && (start < 0 || start >= vocabSize))
            throw new ArgumentException($"{StartTokenKey}: {start} found, 0 to {vocabSize - 1} needed");
        if (StartBeforePrompt && StartToken is null)
            throw new ArgumentException($"{StartBeforePromptKey}: true found, false needed without a {StartTokenKey}");
        if (EndToken is { } end && (end < 0 || end >= vocabSize))
            throw new ArgumentException($"{EndTokenKey}: {end} found, 0 to {vocabSize - 1} needed");
    }

    private static string Code(Overflow overflow) => overflow switch
    {
        Generation.Overflow.Crop => "crop",
        Generation.Overflow.Stop => "stop",
    };
}
