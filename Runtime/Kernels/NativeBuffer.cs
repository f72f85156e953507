using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Zeroed float32 memory outside the managed heap, aligned to a cache line: its address never changes.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const nuint Alignment = 64;
    private float* _data;

    /// <summary>Allocates the buffer.</summary>
    /// <param name="length">Number of floats.</param>
    /// <exception cref="OutOfMemoryException">The memory is not to be had.</exception>
    public NativeBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        nuint bytes = checked((nuint)length * sizeof(float));
        _data = (float*)NativeMemory.AlignedAlloc(bytes + Alignment, Alignment);   // one line more: never an empty allocation
        NativeMemory.Clear(_data, bytes);
        Length = length;
        GC.AddMemoryPressure((long)bytes + 1);
    }

    ~NativeBuffer() => Free();

    /// <summary>Number of floats.</summary>
    public long Length { get; }

    /// <summary>The first float, on a 64-byte boundary.</summary>
    public float* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_data == null, this);
            return _data;
        }
    }

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_data == null)
            return;
        NativeMemory.AlignedFree(_data);
        _data = null;
        GC.RemoveMemoryPressure(Length * sizeof(float) + 1);
    }
}
