using System.Globalization;

namespace MyGpt.CommandLine.Doctor;

/// <summary>One call of a kernel: what came out, what a plain reference gives, and how far the two may be apart.</summary>
/// <param name="call">The call in words: sizes, and what was asked for.</param>
/// <param name="actual">What the kernel gave.</param>
/// <param name="expected">What the reference gave.</param>
/// <param name="limits">The largest difference of each element; null where the bits must be the same.</param>
internal sealed class Trial(string call, float[] actual, double[] expected, double[]? limits)
{
    /// <summary>What the kernel gave. The caller's to change: a test makes a wrong kernel of a right one.</summary>
    public float[] Actual => actual;

    /// <summary>A kernel whose result is defined to the bit.</summary>
    public static Trial Exact(string call, float[] actual, float[] expected) => new(call, actual, Array.ConvertAll(expected, value => (double)value), limits: null);

    /// <summary>A kernel with a bound.</summary>
    /// <param name="call">The call in words.</param>
    /// <param name="actual">What the kernel gave.</param>
    /// <param name="expected">What the reference gave, in double precision.</param>
    /// <param name="relative">Largest difference, as a share of what is expected.</param>
    /// <param name="absolute">What is added to it.</param>
    public static Trial Near(string call, float[] actual, double[] expected, double relative, double absolute) =>
        new(call, actual, expected, Array.ConvertAll(expected, value => (Math.Abs(value) * relative) + absolute));

    /// <summary>The first element that is wrong, in words; null where all are right.</summary>
    public string? FindFault()
    {
        if (actual.Length != expected.Length)
            return Text($"{call}: {actual.Length} numbers found, {expected.Length} needed");
        for (int i = 0; i < actual.Length; i++)
        {
            if (!Holds(i))
                return Text($"{call}, element {i}: {actual[i]:G9} found, {expected[i]:G9}{(limits is null ? "" : Text($" within {limits[i]:0.0e+00}"))} needed");
        }
        return null;
    }

    // A difference of NaN is within no limit.
    private bool Holds(int i) => limits is null
        ? BitConverter.SingleToInt32Bits(actual[i]) == BitConverter.SingleToInt32Bits((float)expected[i])
        : Math.Abs(actual[i] - expected[i]) <= limits[i];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
