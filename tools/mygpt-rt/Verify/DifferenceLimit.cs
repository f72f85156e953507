namespace MyGpt.CommandLine.Verify;

/// <summary>How far a value may be from its reference.</summary>
/// <remarks>
/// The rule for weights with the checkpoint's values: the larger of 3 d and 3e-6 m, where m is the largest |reference| and d how far the reference's own
/// float32 run is from its float64 run. An operation on the way to the logits is judged by the same rule with its own m and d; where the reference says d
/// for the logits alone, an operation's is taken to be the same share of its m.
/// </remarks>
/// <param name="floatError">d of the logits.</param>
/// <param name="largest">m of the logits.</param>
/// <param name="isExact">Whether the weights have the checkpoint's values, so that the rule applies.</param>
/// <param name="tolerance">A limit of the user's for logits, which replaces the rule's.</param>
internal sealed class DifferenceLimit(double floatError, double largest, bool isExact, double? tolerance)
{
    private const double FloatErrorFactor = 3, RelativeLimit = 3e-6;

    /// <summary>The limit of logits; null when the rule does not apply and no tolerance is given.</summary>
    public double? OfLogits => tolerance ?? (isExact ? Rule(floatError, largest) : null);

    /// <summary>The limit of an operation, or null.</summary>
    /// <param name="operationError">Its d; null where the reference does not say.</param>
    /// <param name="operationLargest">Its m.</param>
    public double? Of(double? operationError, double operationLargest)
    {
        double share = largest > 0 ? operationLargest / largest : 0;
        if (tolerance is { } logits)
            return logits * share;
        return isExact ? Rule(operationError ?? floatError * share, operationLargest) : null;
    }

    private static double Rule(double d, double m) => Math.Max(FloatErrorFactor * d, RelativeLimit * m);
}
