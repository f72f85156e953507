using System.Globalization;

namespace MyGpt.CommandLine.Machine;

/// <summary>The processors that this process may use.</summary>
/// <param name="Count">How many, of limited time if a container says so: 1.5 is one and the other half of the time.</param>
/// <param name="Cores">The same in cores, where two processors may be one; null where the system does not say.</param>
internal sealed record Processors(double Count, double? Cores)
{
    /// <summary>Where Linux shows which processors are one core, and which ones a process may use.</summary>
    private const string Root = "/sys/devices/system/cpu", Self = "/proc/self/status";

    /// <summary>Those of this process.</summary>
    public static Processors Read() => Read(Root, Self, Environment.ProcessorCount, CgroupLimits.Read().Processors);

    /// <summary>The same from other files.</summary>
    /// <param name="root">The folder of all processors.</param>
    /// <param name="self">Lines such as <c>Cpus_allowed_list: 0-3,8</c>.</param>
    /// <param name="count">Processors by .NET's count.</param>
    /// <param name="limit">A container's limit; null for none.</param>
    internal static Processors Read(string root, string self, int count, double? limit)
    {
        double usable = Math.Min(count, limit ?? count);
        return new Processors(usable, CountCores(root, self) is { } cores ? Math.Min(cores, usable) : null);
    }

    private static int? CountCores(string root, string self)
    {
        var cores = new HashSet<string>();
        try
        {
            foreach (int processor in Allowed(File.ReadLines(self)))
                cores.Add(File.ReadAllText(Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"cpu{processor}"), "topology/thread_siblings_list")));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return null;
        }
        return cores.Count > 0 ? cores.Count : null;
    }

    private static IEnumerable<int> Allowed(IEnumerable<string> lines)
    {
        const string name = "Cpus_allowed_list:";
        foreach (string line in lines.Where(line => line.StartsWith(name, StringComparison.Ordinal)))
        {
            foreach (string range in line[name.Length..].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                int[] ends = Array.ConvertAll(range.Split('-'), text => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture));
                for (int processor = ends[0]; processor <= ends[^1]; processor++)
                    yield return processor;
            }
        }
    }
}
