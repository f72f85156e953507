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
        _data = Allocate(length);
        Length = length;
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

    /// <summary>Zeroed memory for a number of floats, to be given back with <see cref="Free(float*, long)"/>; nothing managed is allocated.</summary>
    public static float* Allocate(long length)
    {
        nuint bytes = checked((nuint)length * sizeof(float));
        var data = (float*)NativeMemory.AlignedAlloc(bytes + Alignment, Alignment);   // one line more: never an empty allocation
        NativeMemory.Clear(data, bytes);
        GC.AddMemoryPressure((long)bytes + 1);
        return data;
    }

    /// <summary>Gives memory back.</summary>
    public static void Free(float* data, long length)
    {
        NativeMemory.AlignedFree(data);
        GC.RemoveMemoryPressure(length * sizeof(float) + 1);
    }

    private void Free()
    {
        if (_data != null)
            Free(_data, Length);
        _data = null;
    }
}
