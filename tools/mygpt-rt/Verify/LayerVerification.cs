using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>What the comparison of a model's operations with hidden states found.</summary>
/// <param name="Operations">Those that the reference has, and the logits, in the order of computation.</param>
/// <param name="Computed">All that the model computes, in that order.</param>
internal sealed record LayerVerification(IReadOnlyList<OperationResult> Operations, List<OperationSpec> Computed)
{
    /// <summary>The first operation that is past one of its limits; null where there is none.</summary>
    public OperationResult? First => Operations.FirstOrDefault(operation => operation.Diverges);

    /// <summary>Those that the reference has not, between <see cref="First"/> and the one compared before it, which holds: any of them may be the cause.</summary>
    public IReadOnlyList<OperationSpec> NotComparedBefore
    {
        get
        {
            if (First is not { } first)
                return [];
            int end = Computed.IndexOf(first.Spec), start = end;
            while (start > 0 && !Operations.Any(operation => operation.Spec == Computed[start - 1]))
                start--;
            return [.. Computed.Take(start..end)];
        }
    }
}

/// <summary>One operation over all prompts with hidden states.</summary>
/// <param name="Spec">Which one.</param>
/// <param name="Largest">Largest |value| of the reference.</param>
/// <param name="MaxDifference">Largest |value - reference|; infinite when a value of ours is not a number.</param>
/// <param name="RmsDifference">Root mean square of the differences.</param>
/// <param name="Where">Where the largest difference is; null where the whole output is equal, and of logits that are not among the hidden states.</param>
/// <param name="Limit">How far a value may be from its reference; null when no limit applies.</param>
/// <param name="RmsLimit">The limit of the root mean square; null when none applies.</param>
internal sealed record OperationResult(OperationSpec Spec, double Largest, double MaxDifference, double RmsDifference, ValuePlace? Where, double? Limit, double? RmsLimit)
{
    /// <summary>Whether there is a limit and it is exceeded.</summary>
    public bool Diverges => MaxDifference > Limit || RmsDifference > RmsLimit;

    /// <summary>The differences in units of their limits, the larger of the two; null without a limit.</summary>
    public double? LimitShare => Limit is { } limit ? Math.Max(Share(MaxDifference, limit), RmsLimit is { } rmsLimit ? Share(RmsDifference, rmsLimit) : 0) : null;

    private static double Share(double difference, double limit) => difference == 0 ? 0 : difference / limit;
}

/// <summary>One value of an operation's output.</summary>
/// <param name="Case">The prompt.</param>
/// <param name="Position">The token's position in it.</param>
/// <param name="Index">The value among those of the position.</param>
internal sealed record ValuePlace(string Case, int Position, int Index);
