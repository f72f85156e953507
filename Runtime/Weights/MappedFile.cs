using System.Buffers;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace MyGpt.Runtime.Weights;

/// <summary>A file mapped for reading: pages come from the page cache when they are first touched, nothing is copied.</summary>
/// <remarks>
/// The view's safe handle unmaps the file when this object is disposed or no longer reachable; whoever keeps a pointer into the
/// mapping keeps this object too.
/// </remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedViewAccessor _view;

    /// <param name="handle">A readable file of at least one byte; may be closed afterwards.</param>
    public MappedFile(SafeFileHandle handle)
    {
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(
            handle, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    /// <summary>The byte at an offset of the file; good as long as this object is alive and not disposed.</summary>
    /// <exception cref="ObjectDisposedException">The file has been closed.</exception>
    public byte* At(long offset)
    {
        ObjectDisposedException.ThrowIf(_view.SafeMemoryMappedViewHandle.IsClosed, typeof(WeightsFile));
        return (byte*)_view.SafeMemoryMappedViewHandle.DangerousGetHandle() + offset;
    }

    /// <summary>A range of the file as memory that can be kept in fields; its spans throw after <see cref="Dispose"/>.</summary>
    public ReadOnlyMemory<byte> Memory(long offset, int length) => new Range(this, offset, length).Memory;

    /// <inheritdoc/>
    public void Dispose() => _view.Dispose();

    private sealed class Range(MappedFile file, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan() => new(file.At(offset), length);

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)length, nameof(elementIndex));
            return new MemoryHandle(file.At(offset) + elementIndex, pinnable: this);
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
