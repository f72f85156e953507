using System.Globalization;

namespace MyGpt.CommandLine.Bench;

/// <summary>Memory of this process that no file holds.</summary>
internal static class ProcessMemory
{
    private const string Key = "RssAnon:";

    /// <summary>Anonymous resident memory now, managed and native, in bytes; null where the system does not say.</summary>
    public static long? Anonymous() => OperatingSystem.IsLinux() ? Parse(File.ReadLines("/proc/self/status")) : null;

    /// <summary>Finds the figure among the lines of /proc/self/status: <c>RssAnon:      5432 kB</c>.</summary>
    internal static long? Parse(IEnumerable<string> lines)
    {
        string? line = lines.FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal));
        string number = line?[Key.Length..].Replace("kB", "", StringComparison.Ordinal).Trim() ?? "";
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long kilobytes) ? kilobytes * 1024 : null;
    }
}
