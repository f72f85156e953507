using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;

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

    /// <summary>Adds a row: name, median, min, max, unit; dashes for a figure that does not exist.</summary>
    public static void Row(TextTable table, string name, Spread? figure, string unit)
    {
        if (figure is { } spread)
            table.Add(name, Figures.Rate(spread.Median), Figures.Rate(spread.Min), Figures.Rate(spread.Max), unit);
        else
            table.Add(name, "-", "-", "-", unit);
    }

    /// <summary>Writes <c>"name": {"median": .., "min": .., "max": ..}</c>, or null for a figure that does not exist.</summary>
    public static void Write(Utf8JsonWriter json, string name, Spread? figure, int digits)
    {
        if (figure is not { } spread)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WriteNumber("median", Math.Round(spread.Median, digits));
        json.WriteNumber("min", Math.Round(spread.Min, digits));
        json.WriteNumber("max", Math.Round(spread.Max, digits));
        json.WriteEndObject();
    }
}
