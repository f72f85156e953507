using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>What the comparison of a model's operations with hidden states found.</summary>
/// <param name="Operations">Those that the reference has, and the logits, in the order of computation.</param>
internal sealed record LayerVerification(IReadOnlyList<OperationResult> Operations)
{
    /// <summary>The first operation that is further from its reference than its limit; null where there is none.</summary>
    public OperationResult? First => Operations.FirstOrDefault(operation => operation.Diverges);
}

/// <summary>One operation over all prompts with hidden states.</summary>
/// <param name="Spec">Which one.</param>
/// <param name="Largest">Largest |value| of the reference.</param>
/// <param name="MaxDifference">Largest |value - reference|; infinite when a value of ours is not a number.</param>
/// <param name="Where">Where that is; null where the whole output is equal, and of logits that are not among the hidden states.</param>
/// <param name="Limit">How far a value may be from its reference; null when no limit applies.</param>
internal sealed record OperationResult(OperationSpec Spec, double Largest, double MaxDifference, ValuePlace? Where, double? Limit)
{
    /// <summary>Whether there is a limit and it is exceeded.</summary>
    public bool Diverges => MaxDifference > Limit;

    /// <summary>The largest difference in units of the limit; null without one.</summary>
    public double? LimitShare => Limit is { } limit ? MaxDifference == 0 ? 0 : MaxDifference / limit : null;
}

/// <summary>One value of an operation's output.</summary>
/// <param name="Case">The prompt.</param>
/// <param name="Position">The token's position in it.</param>
/// <param name="Index">The value among those of the position.</param>
internal sealed record ValuePlace(string Case, int Position, int Index);
