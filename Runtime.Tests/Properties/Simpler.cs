namespace MyGpt.Runtime.Tests.Properties;

/// <summary>What is simpler than a value that broke a property: the first of these that breaks it too is tried next.</summary>
internal static class Simpler
{
    /// <summary>Fewer elements first (a half, a quarter, ... one of them left out), then one element made simpler.</summary>
    public static IEnumerable<T[]> Arrays<T>(T[] values, Func<T, IEnumerable<T>>? simplerElement = null)
    {
        for (int length = values.Length; length > 0; length /= 2)
        {
            for (int at = 0; at + length <= values.Length; at += length)
                yield return [.. values[..at], .. values[(at + length)..]];
        }
        if (simplerElement is null)
            yield break;
        for (int i = 0; i < values.Length; i++)
        {
            foreach (T element in simplerElement(values[i]))
                yield return [.. values[..i], element, .. values[(i + 1)..]];
        }
    }

    /// <summary>The least, then halfway from it, a quarter nearer, ... one less.</summary>
    public static IEnumerable<int> Integers(int value, int least = 0)
    {
        for (int distance = value - least; distance > 0; distance /= 2)
            yield return value - distance;
    }

    /// <summary>Small whole numbers, and the value without its fraction.</summary>
    public static IEnumerable<float> Floats(float value)
    {
        float[] simple = [0, 1, -1, MathF.Truncate(value), MathF.Truncate(value / 2)];
        return simple.TakeWhile(candidate => !candidate.Equals(value)).Where(candidate => !(MathF.Abs(candidate) > MathF.Abs(value))).Distinct();
    }
}
