using System.Text.Json;

namespace MyGpt.CommandLine.Bench;

/// <summary>A figure measured several times.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Min">The lowest.</param>
/// <param name="Max">The highest.</param>
internal readonly record struct Spread(double Median, double Min, double Max)
{
    /// <summary>Sums up measurements.</summary>
    /// <param name="values">One or more.</param>
    public static Spread Of(IReadOnlyCollection<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }

    /// <summary>The same figure in another unit.</summary>
    public static Spread operator *(Spread spread, double factor) => new(spread.Median * factor, spread.Min * factor, spread.Max * factor);

    /// <summary>Writes <c>"name": {"median": .., "min": .., "max": ..}</c>.</summary>
    public void Write(Utf8JsonWriter json, string name, int digits)
    {
        json.WriteStartObject(name);
        json.WriteNumber("median", Math.Round(Median, digits));
        json.WriteNumber("min", Math.Round(Min, digits));
        json.WriteNumber("max", Math.Round(Max, digits));
        json.WriteEndObject();
    }
}
