using System.Globalization;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Numbers as people read them; the same in every locale.</summary>
internal static class Figures
{
    // Of a float64 .NET's formats show 15 significant digits.
    private const int LongestFraction = 14;

    /// <summary>12,345,678.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>25.1 MB; decimal units, as disks and bandwidths have them.</summary>
    public static string Bytes(long bytes) => bytes switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F1} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F1} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F2} GB"),
    };

    /// <summary>4.1e-07.</summary>
    public static string Small(double value) => value.ToString("0.0e+00", CultureInfo.InvariantCulture);

    /// <summary>The same with as many digits as it takes to tell it from another number: 5.09e-05 beside 5.11e-05.</summary>
    public static string Small(double value, double? other)
    {
        string format = "0.0e+00";
        for (int digits = 1; digits < LongestFraction && value != other && other is { } second && Text(value) == Text(second); digits++)
            format = $"0.{new string('0', digits + 1)}e+00";
        return Text(value);

        string Text(double number) => number.ToString(format, CultureInfo.InvariantCulture);
    }

    /// <summary>Three significant digits or all before the point: 0.123, 12.3, 12345.</summary>
    public static string Rate(double value)
    {
        string format = value switch { < 1 => "0.000", < 10 => "0.00", < 100 => "0.0", _ => "0" };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
