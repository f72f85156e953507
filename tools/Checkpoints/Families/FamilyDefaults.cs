using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// What a family's code does where its checkpoints are silent, each with the reason for the report. Null: the family does not decide
/// that, and the user is asked.
/// </summary>
internal sealed record FamilyDefaults
{
    /// <summary>The MLP's nonlinearity where it is not gated; a gated one has SiLU in any family.</summary>
    public (ActivationKind Kind, string Reason)? Activation { get; init; }

    /// <summary>The norm, where neither its biases nor its name tell.</summary>
    public (NormKind Kind, string Reason)? Norm { get; init; }

    /// <summary>Why LayerNorm adds 1e-5.</summary>
    public string EpsilonReason { get; init; } = "the default of nn.LayerNorm; the file does not say";

    /// <summary>NH of a model of this size.</summary>
    public Func<AssembledGpt, (int Heads, string Reason)?> Heads { get; init; } = static _ => null;

    /// <summary>What else is taken for granted, ready to print.</summary>
    public string? Assumption { get; init; }
}
