using System.Text.Json.Nodes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime;

/// <summary>Everything about a model but its weights.</summary>
public sealed record ModelDescription
{
    /// <summary>Sizes and variants.</summary>
    public required GptConfig Config { get; init; }

    /// <summary>The tokenizer's tables; null for a model that takes and gives ids only.</summary>
    public TokenizerData? Tokenizer { get; init; }

    /// <summary>How the model's family starts and ends a text.</summary>
    public GenerationDefaults Generation { get; init; } = new();

    /// <summary>Where the weights came from: family, file name, what was assumed. Free in form; for people, never for arithmetic.</summary>
    public JsonObject Source { get; init; } = [];
}
