using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MyGpt.CommandLine.Bench;

/// <summary>How fast the machine streams memory that is far larger than its caches.</summary>
internal static unsafe class ReadProbe
{
    private const int Runs = 4;
    private const long Bytes = 512L << 20;

    private static volatile float _sink;

    /// <summary>Bytes per second from ordinary memory, in 10^9.</summary>
    /// <param name="threads">Threads that read at the same time, each its own part.</param>
    public static double FromMemory(int threads)
    {
        float* buffer = (float*)NativeMemory.AlignedAlloc((nuint)Bytes, 4096);
        try
        {
            for (long offset = 0; offset < Bytes; offset += 1 << 20)
                new Span<float>((byte*)buffer + offset, (1 << 20) / sizeof(float)).Fill(1);
            return Measure(buffer, threads);
        }
        finally
        {
            NativeMemory.AlignedFree(buffer);
        }
    }

    /// <summary>Bytes per second from a mapped file in the page cache, as weights are, in 10^9.</summary>
    /// <param name="threads">Threads that read at the same time, each its own part.</param>
    /// <returns>Null where no temporary file of that size can be made.</returns>
    public static double? FromMappedFile(int threads)
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            using var file = new FileStream(
                path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
            float[] block = new float[(1 << 20) / sizeof(float)];
            Array.Fill(block, 1);
            for (long written = 0; written < Bytes; written += 1 << 20)
                file.Write(MemoryMarshal.AsBytes(block.AsSpan()));
            using var map = MemoryMappedFile.CreateFromFile(
                file, null, Bytes, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            using MemoryMappedViewAccessor view = map.CreateViewAccessor(0, Bytes, MemoryMappedFileAccess.Read);
            byte* data = null;
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref data);
            try
            {
                return Measure((float*)data, threads);
            }
            finally
            {
                view.SafeMemoryMappedViewHandle.ReleasePointer();
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static double Measure(float* data, int threads)
    {
        long each = Bytes / sizeof(float) / threads / 64 * 64;
        nint start = (nint)data;
        double seconds = ThreadGroup.BestSeconds(threads, Runs, thread => _sink = Sum((float*)start + thread * each, each));
        return (double)each * sizeof(float) * threads / seconds / 1e9;
    }

    // Eight sums: enough loads in flight that the additions never wait for one another.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Sum(float* x, long length)
    {
        Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        for (float* end = x + length; x < end; x += 64)
        {
            s0 += Vector256.Load(x);
            s1 += Vector256.Load(x + 8);
            s2 += Vector256.Load(x + 16);
            s3 += Vector256.Load(x + 24);
            s4 += Vector256.Load(x + 32);
            s5 += Vector256.Load(x + 40);
            s6 += Vector256.Load(x + 48);
            s7 += Vector256.Load(x + 56);
        }
        return Vector256.Sum(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7);
    }
}
