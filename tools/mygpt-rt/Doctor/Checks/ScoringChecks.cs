using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Scoring;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>The logarithm of a token's probability.</summary>
internal delegate double ProbabilityKernel(ReadOnlySpan<float> logits, int token);

/// <summary>How far a distribution is from another.</summary>
internal delegate double DivergenceKernel(ReadOnlySpan<float> reference, ReadOnlySpan<float> logits);

/// <summary>The place of a token among all.</summary>
internal delegate int RankKernel(ReadOnlySpan<float> logits, int token);

/// <summary>What a text is judged by. The kernels compute in double precision; what comes out is compared as float32.</summary>
internal static class ScoringChecks
{
    private const float Spread = 20;
    private const double Relative = 1e-7, Absolute = 1e-7;   // a rounding to float32

    // Tails alone, one vector, one and a tail, many.
    private static readonly int[] Lengths = [1, 3, 8, 13, 100];

    /// <summary>Of every token of a row.</summary>
    public static KernelCheck LogProbability(ProbabilityKernel kernel) => new("log softmax", [typeof(LogSoftmax), typeof(DoubleExp)], () => Lengths.Select(length =>
    {
        float[] x = Numbers.Floats(length, seed: length, Spread);
        double logSum = LogSum(x);
        return Trial.Near($"{length} numbers", [.. x.Select((_, token) => (float)kernel(x, token))], Array.ConvertAll(x, value => value - logSum), Relative, Absolute);
    }));

    /// <summary>Of a row from another one, a little changed.</summary>
    public static KernelCheck Divergence(DivergenceKernel kernel) => new("divergence of distributions", [typeof(KlDivergence), typeof(DoubleExp)], () => Lengths.Select(length =>
    {
        float[] x = Numbers.Floats(length, seed: length, Spread), y = [.. x.Zip(Numbers.Floats(length, seed: 1), (value, change) => value + change)];
        double p = LogSum(x), q = LogSum(y), expected = x.Zip(y, (a, b) => Math.Exp(a - p) * ((a - p) - (b - q))).Sum();
        return Trial.Near($"{length} numbers", [(float)kernel(x, y)], [expected], Relative, Absolute);
    }));

    /// <summary>Of every token of a row in which some are equal.</summary>
    public static KernelCheck Rank(RankKernel kernel) => new("rank", [typeof(TokenRank)], () => Lengths.Select(length =>
    {
        float[] x = Array.ConvertAll(Numbers.Floats(length, seed: length, Spread), value => MathF.Round(value));   // some are equal
        return Trial.Exact($"{length} numbers", [.. x.Select((_, token) => (float)kernel(x, token))], Array.ConvertAll(x, value => 1f + x.Count(other => other > value)));
    }));

    private static double LogSum(float[] x)
    {
        double max = x.Max();
        return max + Math.Log(x.Sum(value => Math.Exp(value - max)));
    }
}
