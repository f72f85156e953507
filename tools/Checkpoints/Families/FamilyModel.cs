using MyGpt.Checkpoints.Tensors;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Families;

/// <summary>What a family makes of a checkpoint: everything that weights.bin holds, the numbers still in their file.</summary>
internal sealed record FamilyModel
{
    /// <summary>Sizes and variants.</summary>
    public required GptConfig Config { get; init; }

    /// <summary>Where each tensor of <see cref="TensorSpec.For"/> comes from, by the name that it has there.</summary>
    public required IReadOnlyDictionary<string, TensorSource> Tensors { get; init; }

    /// <summary>Finds the vocabulary that belongs to the checkpoint; null when it has none. Not asked when the user gives one.</summary>
    public required Func<TokenizerData?> Vocabulary { get; init; }

    /// <summary>Full path of the file beside the checkpoint that <see cref="Vocabulary"/> reads; null when it reads none.</summary>
    public string? VocabularyPath { get; init; }

    /// <summary>How the family starts and ends a text, given the vocabulary that was chosen.</summary>
    public Func<TokenizerData?, GenerationDefaults> Generation { get; init; } = static _ => new GenerationDefaults();
}
