using Microsoft.Win32.SafeHandles;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints.Containers;

/// <summary>A file opened for reading at any offset. Nothing of it is held in memory.</summary>
internal sealed class CheckpointFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private CheckpointFile(SafeFileHandle handle, string path)
    {
        _handle = handle;
        FullPath = path;
        Length = RandomAccess.GetLength(handle);
    }

    /// <summary>The file's full path, for finding its neighbours; messages use <see cref="Name"/>.</summary>
    public string FullPath { get; }

    /// <summary>The file's name without its folder.</summary>
    public string Name => Path.GetFileName(FullPath);

    /// <summary>The file's size in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It does not exist, cannot be opened, or is a folder, a pipe or a device.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static CheckpointFile Open(string path)
    {
        SafeFileHandle handle = File.OpenHandle(InputFile.Find(path).FullName, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return new CheckpointFile(handle, Path.GetFullPath(path));
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
                throw new EndOfStreamException($"{Name} ends at byte {offset}; it had {Length} bytes when it was opened.");
            destination = destination[count..];
            offset += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
