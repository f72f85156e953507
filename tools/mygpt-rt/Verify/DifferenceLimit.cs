using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>How far a value may be from its reference.</summary>
/// <remarks>
/// The rule for weights with the checkpoint's values: the larger of 3 d and 3e-6 m, where m is the largest |reference| and d how far the reference's own
/// float32 run is from its float64 run. An operation on the way to the logits is judged by the same rule with its own m and d; where the reference says d
/// for the logits alone, an operation's is taken to be the same share of its m. An error that all values of an operation share, such as a forgotten
/// epsilon, can hide below the roundings of the largest value, so the root mean square of an operation's differences has a limit of its own: the larger
/// of d / 3 and 1e-6 of the root mean square of the reference, sixteen roundings of float32. Fixtures stay below 4e-7, random models below 7e-7.
/// </remarks>
/// <param name="floatError">d of the logits.</param>
/// <param name="largest">m of the logits.</param>
/// <param name="isExact">Whether the weights have the checkpoint's values, so that the rule applies.</param>
/// <param name="tolerance">A limit of the user's for logits, which replaces the rule's.</param>
internal sealed class DifferenceLimit(double floatError, double largest, bool isExact, double? tolerance)
{
    private const double FloatErrorFactor = 3, RelativeLimit = 3e-6, RmsErrorFactor = 1.0 / 3, RelativeRmsLimit = 1e-6;

    /// <summary>The limit of logits; null when the rule does not apply and no tolerance is given.</summary>
    public double? OfLogits => tolerance ?? (isExact ? Rule(floatError, largest) : null);

    /// <summary>The limits of an operation's largest difference and of the differences' root mean square, or null.</summary>
    /// <param name="operation">The operation; logits have no limit of the second kind.</param>
    /// <param name="operationError">Its d; null where the reference does not say.</param>
    /// <param name="operationLargest">Its m.</param>
    /// <param name="operationRms">The root mean square of the reference.</param>
    public (double? Max, double? Rms) Of(ForwardOperation operation, double? operationError, double operationLargest, double operationRms)
    {
        double share = largest > 0 ? operationLargest / largest : 0;
        if (tolerance is { } logits)
            return (logits * share, null);
        if (!isExact)
            return (null, null);
        double d = operationError ?? floatError * share;
        return (Rule(d, operationLargest), operation == ForwardOperation.Logits ? null : Math.Max(RmsErrorFactor * d, RelativeRmsLimit * operationRms));
    }

    private static double Rule(double d, double m) => Math.Max(FloatErrorFactor * d, RelativeLimit * m);
}
