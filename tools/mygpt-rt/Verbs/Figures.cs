using System.Globalization;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Numbers as people read them; the same in every locale.</summary>
internal static class Figures
{
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

    /// <summary>Three significant digits or all before the point: 0.123, 12.3, 12345.</summary>
    public static string Rate(double value)
    {
        string format = value switch { < 1 => "0.000", < 10 => "0.00", < 100 => "0.0", _ => "0" };
        return value.ToString(format, CultureInfo.InvariantCulture);
    }
}
