using Microsoft.Win32.SafeHandles;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints.Containers;

/// <summary>A file opened for reading at any offset. Nothing of it is held in memory.</summary>
internal sealed class CheckpointFile : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly List<CheckpointFile> _opened = [];
    private readonly SortedSet<string> _beside = new(StringComparer.Ordinal);

    private CheckpointFile(SafeFileHandle handle, string path)
    {
        _handle = handle;
        GivenPath = path;
        Length = RandomAccess.GetLength(handle);
    }

    /// <summary>The path that it was opened by, as messages show it.</summary>
    public string GivenPath { get; }

    /// <summary>Paths of the files that <see cref="FindBeside"/> has found.</summary>
    public IReadOnlyCollection<string> Beside => _beside;

    /// <summary>The file's name without its folder.</summary>
    public string Name => Path.GetFileName(GivenPath);

    /// <summary>The file's size in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It does not exist, cannot be opened, or is a folder, a pipe or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static CheckpointFile Open(string path)
    {
        SafeFileHandle handle = File.OpenHandle(RegularFile.Find(path).FullName, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return new CheckpointFile(handle, path);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Fills <paramref name="destination"/> from <paramref name="offset"/>.</summary>
    /// <exception cref="IOException">It cannot be read, or has become shorter since it was opened.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int count = RandomAccess.Read(_handle, destination, offset);
            if (count == 0)
                throw new EndOfStreamException($"{Printable.Path(GivenPath)} ends at byte {offset}; it had {Length} bytes when it was opened");
            destination = destination[count..];
            offset += count;
        }
    }

    /// <summary>Path of a file in the same folder (of a link: the link's folder), or null when there is none.</summary>
    /// <param name="name">A name without a folder; it may come from a file.</param>
    /// <exception cref="CheckpointException">The name leads elsewhere, or is a folder's.</exception>
    public string? FindBeside(string name)
    {
        if (!IsPlain(name))
            throw new CheckpointException($"{Printable.Quote(name)} is no plain file name; only files in the checkpoint's own folder are read");
        string path = Path.Combine(Path.GetDirectoryName(GivenPath) ?? "", name);
        if (Directory.Exists(path))
            throw new CheckpointException($"{Printable.Quote(name)} beside the checkpoint is a folder; a file was needed");
        if (!File.Exists(path))
            return null;
        _beside.Add(path);
        return path;
    }

    /// <summary>Opens a file in the same folder. It is closed together with this one.</summary>
    /// <param name="name">A name without a folder; it may come from a file.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="CheckpointException">The name leads elsewhere, or is a folder's.</exception>
    /// <exception cref="IOException">It cannot be opened, or is a pipe or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public CheckpointFile? OpenBeside(string name)
    {
        if (FindBeside(name) is not { } path)
            return null;
        CheckpointFile file = Open(path);
        _opened.Add(file);
        return file;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (CheckpointFile file in _opened)
            file.Dispose();
        _handle.Dispose();
    }

    // The separators and drives of every system, not of this one alone.
    private static bool IsPlain(string name) =>
        name is not ("" or "." or "..") && !name.AsSpan().ContainsAny('/', '\\', ':') && !name.Any(char.IsControl);
}
