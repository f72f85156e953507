using System.Formats.Tar;

namespace MyGpt.Runtime.Weights;

/// <summary>Looks at a path before the file is opened: opening a pipe would wait for its writer.</summary>
internal static class RegularFile
{
    /// <summary>The file that a path names, through any symbolic links.</summary>
    /// <param name="path">The path as the user gave it; messages repeat it so.</param>
    /// <returns>A regular file.</returns>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It is a folder, a pipe or a device, or its links lead nowhere.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    public static FileInfo Find(string path)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new IOException($"'{path}' is a folder, not a file.");
        if (!File.Exists(full))
            throw new FileNotFoundException($"'{path}' does not exist.", path);
        var file = new FileInfo(File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full);
        // The link /dev/fd/63 of a pipe can be followed by opening it only: as a name, its target does not exist.
        if (!file.Exists && file.Directory is { Name: not "fd" })
            throw new IOException($"'{path}' is a link to '{file.FullName}', which does not exist.");
        return file.Exists && (file.Length > 0 || IsRegular(file.FullName))
            ? file
            : throw new IOException($"'{path}' is a pipe or a device, which cannot be read at any offset; save it as a file first.");
    }

    /// <summary>Whether two paths name the same place, through links of files and of folders. Neither need exist.</summary>
    /// <exception cref="IOException">A link cannot be followed.</exception>
    public static bool AreSame(string path, string other)
    {
        bool ignoreCase = OperatingSystem.IsWindows() || OperatingSystem.IsMacOS();
        return string.Equals(FinalPath(path), FinalPath(other), ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);
    }

    private static string FinalPath(string path)
    {
        string full = Path.GetFullPath(path);
        string final = Path.GetPathRoot(full)!;
        foreach (string part in full[final.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            final = Path.Combine(final, part);
            if (new FileInfo(final).LinkTarget is not null)
                final = FinalPath(File.ResolveLinkTarget(final, returnFinalTarget: true)!.FullName);
        }
        return final;
    }

    /// <summary>Whether a file is a regular one that may be read now, found out without waiting for the writer of a pipe.</summary>
    /// <remarks>Pipes and devices have length 0, as empty files do. Of all that .NET has, only the writer of archives tells them apart unopened.</remarks>
    public static bool IsRegular(string path)
    {
        if (OperatingSystem.IsWindows())
            return true;
        using var archive = new MemoryStream();
        try
        {
            using (var writer = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
                writer.WriteEntry(path, "file");
        }
        catch (IOException)
        {
            return false;   // a socket, which no archive takes
        }
        archive.Position = 0;
        using var reader = new TarReader(archive);
        return reader.GetNextEntry() is { EntryType: TarEntryType.RegularFile };
    }
}
