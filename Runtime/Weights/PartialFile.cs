using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace MyGpt.Runtime.Weights;

/// <summary>A file on its way to its place: written under a name of its own beside it, and gone unless it gets there.</summary>
/// <remarks>
/// SIGINT, SIGTERM and SIGHUP end the process as ever, but remove the file first. A process killed otherwise leaves it behind; whoever
/// writes into the folder next removes it when its writer is known to be gone. A lock alone does not show that: there is none yet while the
/// file is being created, and none at all on some network file systems. So the name says which process of which machine writes, and
/// what may be another machine's is left alone for a day.
/// </remarks>
internal sealed class PartialFile : IDisposable
{
    private const string Prefix = ".mygpt-", Suffix = ".partial";

    private static readonly TimeSpan LongestWrite = TimeSpan.FromDays(1);

    // Of the names of machines, which may have any characters.
    private static readonly string Machine = $"{Crc32C.Of(Encoding.UTF8.GetBytes(Environment.MachineName)):x8}";

    private readonly Lock _gate = new();
    private readonly PosixSignalRegistration[] _signals;
    private bool _isInterrupted;

    /// <param name="folder">Where to; it exists.</param>
    public PartialFile(string folder)
    {
        Path = System.IO.Path.Combine(folder,
            string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Machine}-{Environment.ProcessId}-{Guid.NewGuid():N}{Suffix}"));
        PosixSignal[] ends = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        _signals = [.. ends.Select(signal => PosixSignalRegistration.Create(signal, Interrupt)), .. IgnoreSizeLimit()];
    }

    /// <summary>The file's full path.</summary>
    public string Path { get; }

    /// <summary>Removes what killed processes have left in a folder. What cannot be removed stays: it is in nobody's way.</summary>
    public static void RemoveAbandoned(string folder)
    {
        try
        {
            foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles(Prefix + "*" + Suffix))
            {
                // A pipe of this name would keep us waiting; a link is none of ours.
                if (file.LinkTarget is null && (file.Length > 0 || RegularFile.IsRegular(file.FullName)) && IsAbandoned(file))
                    RemoveUnlessLocked(file.FullName);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that may be written but not listed.
        }
    }

    /// <summary>Creates the file, and keeps others from opening it.</summary>
    /// <param name="length">Bytes to reserve on the disk.</param>
    /// <param name="bufferSize">Writes of fewer bytes are gathered to this many.</param>
    /// <exception cref="IOException">It cannot be created, or there is no room for it.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="OperationCanceledException">A signal came before it.</exception>
    public FileStream Create(long length, int bufferSize)
    {
        lock (_gate)
        {
            ThrowIfInterrupted();
            return new FileStream(Path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                Share = FileShare.None,
                BufferSize = bufferSize,
                PreallocationSize = length,
            });
        }
    }

    /// <summary>Gives the file its name.</summary>
    /// <exception cref="IOException">The place is taken and <paramref name="overwrite"/> is false, or it cannot be moved.</exception>
    /// <exception cref="OperationCanceledException">A signal has removed it.</exception>
    public void MoveTo(string target, bool overwrite)
    {
        lock (_gate)
        {
            ThrowIfInterrupted();
            File.Move(Path, target, overwrite);
        }
    }

    /// <summary>Removes the file if it is still there.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        Remove();
    }

    // SIGXFSZ, 25 on Linux and macOS: a write beyond the process's limit on file sizes then fails like any other.
    private static IEnumerable<PosixSignalRegistration> IgnoreSizeLimit() =>
        OperatingSystem.IsWindows() ? [] : [PosixSignalRegistration.Create((PosixSignal)25, static context => context.Cancel = true)];

    private static bool IsAbandoned(FileInfo file) =>
        DateTime.UtcNow - file.LastWriteTimeUtc > LongestWrite
        || (file.Name[Prefix.Length..].Split('-') is [string machine, string process, _] && machine == Machine
            && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && !IsRunning(id));

    private static bool IsRunning(int process)
    {
        try
        {
            Process.GetProcessById(process).Dispose();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static void RemoveUnlessLocked(string path)
    {
        try
        {
            new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open, Access = FileAccess.Write, Share = FileShare.None, Options = FileOptions.DeleteOnClose,
            }).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Still being written, or another user's.
        }
    }

    // Under the lock: between the removal and the end of the process, nothing is created or moved any more.
    private void Interrupt(PosixSignalContext context)
    {
        lock (_gate)
        {
            _isInterrupted = true;
            Remove();
        }
    }

    private void ThrowIfInterrupted()
    {
        if (_isInterrupted)
            throw new OperationCanceledException();
    }

    // A failure that brought us here is the one to report, not that the remains could not be removed.
    private void Remove()
    {
        try
        {
            File.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // RemoveAbandoned will find it.
        }
    }
}
