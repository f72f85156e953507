using System.Globalization;

namespace MyGpt.Runtime.Weights;

/// <summary>Writes a file beside its place and renames it into place when it is complete and on the disk.</summary>
/// <remarks>Whatever happens, the place holds the old file (or none) or the whole new one.</remarks>
internal static class AtomicFile
{
    // Gathers what is small; larger pieces go to the file as they are, without a copy.
    private const int BufferSize = 1 << 16;

    private const string DeviceFolder = "/dev";

    private const int GenericIOError = unchecked((int)0x80131620);   // COR_E_IO

    /// <param name="path">The place. A symbolic link stays; the file it names is replaced.</param>
    /// <param name="length">Bytes that will be written: a disk without room for them is found out at once.</param>
    /// <param name="overwrite">
    /// Whether a file that is already there may be replaced. If not, it is looked for before the writing and again by the rename.
    /// </param>
    /// <param name="write">Writes the content.</param>
    /// <param name="check">Gets the path of the whole file before it has its place; what it throws is thrown, and nothing is kept. Null: nobody looks.</param>
    /// <exception cref="IOException">The place is taken, or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="OperationCanceledException">A signal came meanwhile; the process is about to end, unless it has decided otherwise.</exception>
    public static void Write(string path, long length, bool overwrite, Action<FileStream> write, Action<string>? check = null)
    {
        string target = Target(path, overwrite);
        string folder = Path.GetDirectoryName(target)!;
        PartialFile.RemoveAbandoned(folder);
        using PartialFile partial = new(folder);
        Explained(() =>
        {
            using FileStream stream = Create(partial, length, path, folder);
            write(stream);
            stream.Flush(flushToDisk: true);
        });
        check?.Invoke(partial.Path);
        Explained(() => partial.MoveTo(target, overwrite));

        void Explained(Action step) => Explain(step, path, length, partial.Path, target);
    }

    /// <summary>Refuses, before any work, a place that <see cref="Write"/> would refuse even if it may replace a file.</summary>
    /// <param name="path">The place.</param>
    /// <exception cref="IOException">It is a folder, a pipe or a device, or its folder does not exist.</exception>
    public static void CheckPlace(string path) => Target(path, overwrite: true);

    private static void Explain(Action step, string path, long length, string temporary, string target)
    {
        try
        {
            step();
        }
        catch (IOException e) when (IsDiskFull(e) || e.Message.Contains(temporary, StringComparison.Ordinal))
        {
            throw CannotWrite(path, length, temporary, target, e);
        }
        catch (ArgumentOutOfRangeException e) when (e.ParamName == "value")   // what .NET makes of EFBIG
        {
            throw new IOException(string.Create(
                CultureInfo.InvariantCulture, $"'{path}' cannot be written: {length / 1e6:0.0} MB are more than a file here may have"), e);
        }
    }

    private static string Target(string path, bool overwrite)
    {
        string full = Path.GetFullPath(path);
        if (Directory.Exists(full))
            throw new IOException($"'{path}' is a folder, not a file.");
        string? folder = Path.GetDirectoryName(full);
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"The folder of '{path}' does not exist.");
        if (folder == DeviceFolder)
            throw NotReplaced(path, "a device");
        if (!overwrite && File.Exists(full))
            throw new IOException($"'{path}' exists already.");
        return File.Exists(full) ? Replaced(path, full) : full;
    }

    // The file itself where the place is a link. Renaming over a pipe would take it from those who wait at it.
    private static string Replaced(string path, string full)
    {
        var file = new FileInfo(File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full);
        if (!Directory.Exists(file.DirectoryName))
            throw new DirectoryNotFoundException($"'{path}' is a link to '{file.FullName}', whose folder does not exist.");
        if (file.DirectoryName == DeviceFolder || (file.Exists && file.Length == 0 && !RegularFile.IsRegular(file.FullName)))
            throw NotReplaced(path, "a pipe or a device");
        return file.FullName;
    }

    private static IOException NotReplaced(string path, string what) =>
        new($"'{path}' is {what}; a file is written beside its place and renamed, which would replace it: choose another place.");

    private static FileStream Create(PartialFile partial, long length, string path, string folder)
    {
        try
        {
            return partial.Create(length, BufferSize);
        }
        catch (IOException e)
        {
            throw CannotWrite(path, length, partial.Path, path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException($"'{path}' cannot be written: no permission to create a file in '{folder}'.", e);
        }
    }

    // The name of the temporary file says nothing to the user, and it is gone by then.
    private static IOException CannotWrite(string path, long length, string temporary, string target, IOException e)
    {
        string why = IsDiskFull(e)
            ? string.Create(CultureInfo.InvariantCulture, $"the disk is full ({length / 1e6:0.0} MB needed)")
            : e.Message.Replace(temporary, target, StringComparison.Ordinal);
        return new IOException($"'{path}' cannot be written: {why}", e);
    }

    // ENOSPC, EFBIG and EDQUOT (Linux, macOS), ERROR_DISK_FULL (Windows); room that cannot be reserved comes without a number.
    private static bool IsDiskFull(IOException e) => e.HResult is 28 or 27 or 122 or 69 or unchecked((int)0x80070070)
        || (e.HResult == GenericIOError && e.Message.Contains("allocation size", StringComparison.Ordinal));
}
