namespace MyGpt.CommandLine.Verify;

/// <summary>What the comparison of a model with a reference found.</summary>
/// <param name="Cases">One for each prompt with logits.</param>
/// <param name="Total">The figures of all of them together.</param>
/// <param name="Greedy">One for each greedy continuation.</param>
/// <param name="Layers">The operations on the way; null where they were not asked for.</param>
/// <param name="Limit">How far a logit may be from its reference; null when no limit applies and none was given.</param>
/// <param name="IsJudged">Whether there is a rule to judge by, and something that it judges.</param>
/// <param name="Pass">Whether it is judged, and everything that is judged holds.</param>
internal sealed record Verification(
    IReadOnlyList<CaseResult> Cases,
    LogitFigures Total,
    IReadOnlyList<GreedyResult> Greedy,
    LayerVerification? Layers,
    double? Limit,
    bool IsJudged,
    bool Pass);

/// <summary>One prompt's logits.</summary>
/// <param name="Name">The reference's name for it.</param>
/// <param name="Figures">What was found.</param>
internal sealed record CaseResult(string Name, LogitFigures Figures);

/// <summary>One greedy continuation.</summary>
/// <param name="Name">The reference's name for it.</param>
/// <param name="Length">Tokens in the reference.</param>
/// <param name="SameTokens">How many of them came out the same before the first that did not.</param>
internal sealed record GreedyResult(string Name, int Length, int SameTokens)
{
    /// <summary>Whether all tokens are the same.</summary>
    public bool Identical => SameTokens == Length;
}
