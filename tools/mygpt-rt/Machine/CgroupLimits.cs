using System.Globalization;

namespace MyGpt.CommandLine.Machine;

/// <summary>What Linux's control groups, such as a container's, allow this process.</summary>
/// <param name="Processors">Processor time, in processors; null for no limit, or where none shows.</param>
/// <param name="Memory">Bytes; null for no limit, or where none shows.</param>
internal sealed record CgroupLimits(double? Processors, long? Memory)
{
    /// <summary>Where Linux shows control groups, and says which ones a process is in.</summary>
    private const string Root = "/sys/fs/cgroup", Self = "/proc/self/cgroup";

    /// <summary>Those of this process.</summary>
    public static CgroupLimits Read() => Read(Root, Self);

    /// <summary>The lowest limits of the groups that a process is in, theirs above included.</summary>
    /// <param name="root">The folder of all groups.</param>
    /// <param name="self">Lines <c>number:controllers:path</c>: the process's group in each hierarchy; that of version 2 names no controllers.</param>
    internal static CgroupLimits Read(string root, string self)
    {
        double? processors = null;
        long? memory = null;
        foreach (string line in Lines(self))
        {
            if (line.Split(':', 3) is not [_, { } controllers, ['/', .. string path]])
                continue;
            string hierarchy = controllers.Length == 0 ? root : Path.Combine(root, controllers);
            for (string group = path; ; group = Path.GetDirectoryName(group) ?? "")
            {
                string folder = Path.Combine(hierarchy, group);
                processors = Least(processors, ProcessorsOf(folder));
                memory = Least(memory, MemoryOf(folder));
                if (group.Length == 0)
                    break;
            }
        }
        return new CgroupLimits(processors, memory);
    }

    // Version 2: "200000 100000" or "max 100000", microseconds of each period. Version 1: the same in two files, -1 for none.
    private static double? ProcessorsOf(string folder)
    {
        string[] words = Lines(Path.Combine(folder, "cpu.max")) is [string line, ..] ? line.Split(' ')
            : [.. Lines(Path.Combine(folder, "cpu.cfs_quota_us")), .. Lines(Path.Combine(folder, "cpu.cfs_period_us"))];
        return words is [string quota, string period] && Number(quota) is { } time && Number(period) is { } whole ? (double)time / whole : null;
    }

    // Version 1 writes no limit as the largest number of whole pages.
    private static long? MemoryOf(string folder)
    {
        string[] lines = [.. Lines(Path.Combine(folder, "memory.max")), .. Lines(Path.Combine(folder, "memory.limit_in_bytes"))];
        return lines is [string line, ..] && Number(line) is { } bytes and < (1L << 62) ? bytes : null;
    }

    private static long? Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number > 0 ? number : null;

    private static T? Least<T>(T? a, T? b)
        where T : struct, IComparable<T> => a is null || (b is { } other && other.CompareTo(a.Value) < 0) ? b : a;

    private static string[] Lines(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
