using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Sampling;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>The index of the largest element.</summary>
internal delegate int ChoiceKernel(ReadOnlySpan<float> x);

/// <summary>Keeps the k largest of a row.</summary>
internal delegate void TopKKernel(int k, Span<float> x);

/// <summary>The index whose cumulative probability is the first above a share of the whole.</summary>
internal delegate int DrawKernel(ReadOnlySpan<float> probabilities, double unit);

/// <summary>What chooses a token.</summary>
internal static class SamplingChecks
{
    private const float Spread = 20;

    private static readonly int[] Rows = [1, 9, 32, 77], Kept = [1, 5, 50, 900], Choices = [1, 13, 600];

    public static KernelCheck ArgMax(ChoiceKernel find) => new("arg max", [typeof(ArgMax), typeof(Greedy)], () => Rows.Select(length =>
    {
        // The largest at each place, and once more at the end: the first counts.
        float[] found = new float[length], expected = [.. Enumerable.Range(0, length).Select(at => (float)at)];
        for (int at = 0; at < length; at++)
        {
            float[] x = Numbers.Floats(length, seed: at);
            x[at] = x[^1] = 4;
            found[at] = find(x);
        }
        return Trial.Exact($"{length} numbers, the largest at each place", found, expected);
    }));

    public static KernelCheck TopK(TopKKernel keep) => new("top-k", [typeof(TopK), typeof(OrderedKey)], () => Kept.SelectMany(IEnumerable<Trial> (k) =>
    {
        float[] different = Numbers.Floats(1001, seed: k, Spread);
        float[] ties = Array.ConvertAll(different, value => MathF.Round(value));   // some are equal, and stay or go together
        return [Try(keep, k, different, "different"), Try(keep, k, ties, "with equal ones")];
    }));

    public static KernelCheck Draw(DrawKernel draw) => new("draw by probability", [typeof(Categorical)], () => Choices.Select(length =>
    {
        // In the middle of each one's share.
        float[] probabilities = Array.ConvertAll(Numbers.Floats(length, seed: length, spread: 1), value => value + 1.5f);
        float[] drawn = new float[length], expected = [.. Enumerable.Range(0, length).Select(i => (float)i)];
        double whole = probabilities.Sum(value => (double)value), before = 0;
        for (int i = 0; i < length; i++)
        {
            drawn[i] = draw(probabilities, (before + (probabilities[i] / 2.0)) / whole);
            before += probabilities[i];
        }
        return Trial.Exact($"{length} probabilities, each in turn", drawn, expected);
    }));

    private static Trial Try(TopKKernel keep, int k, float[] x, string which)
    {
        float[] y = [.. x];
        float least = x.OrderDescending().ElementAt(k - 1);
        keep(k, y);
        return Trial.Exact($"{k} of {x.Length} numbers, {which}", y, Array.ConvertAll(x, value => value >= least ? value : float.NegativeInfinity));
    }
}
