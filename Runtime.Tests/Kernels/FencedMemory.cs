using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Memory right behind which lies a page that cannot be touched: a kernel that reads or writes past its end ends the process.</summary>
internal sealed unsafe class FencedMemory<T> : IDisposable
    where T : unmanaged
{
    private readonly byte* _map;
    private readonly nuint _bytes;

    public FencedMemory(ReadOnlySpan<T> values)
    {
        nuint page = (nuint)Environment.SystemPageSize, length = (nuint)values.Length * (nuint)sizeof(T), front = (length + page - 1) / page * page;
        _bytes = front + page;
        _map = MemoryMap.Take(_bytes);
        MemoryMap.Forbid(_map + front, page);
        Data = (T*)(_map + front - length);
        Length = values.Length;
        values.CopyTo(Span);
    }

    public T* Data { get; }

    public int Length { get; }

    public Span<T> Span => new(Data, Length);

    public void Dispose() => MemoryMap.Free(_map, _bytes);
}

/// <summary>Pages from the operating system.</summary>
internal static unsafe class MemoryMap
{
    // Linux, every processor: sys/mman.h.
    private const int None = 0, ReadWrite = 1 | 2, PrivateAnonymous = 0x02 | 0x20;

    public static byte* Take(nuint bytes)
    {
        nint map = mmap(0, bytes, ReadWrite, PrivateAnonymous, -1, 0);
        return map != -1 ? (byte*)map : throw new InvalidOperationException($"{bytes} bytes cannot be mapped: error {Marshal.GetLastPInvokeError()}.");
    }

    public static void Forbid(byte* start, nuint bytes) => Check(mprotect((nint)start, bytes, None));

    public static void Free(byte* start, nuint bytes) => Check(munmap((nint)start, bytes));

    private static void Check(int result, [CallerMemberName] string operation = "")
    {
        if (result != 0)
            throw new InvalidOperationException($"{operation}: error {Marshal.GetLastPInvokeError()}.");
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int mprotect(nint address, nuint length, int protection);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int munmap(nint address, nuint length);
}

/// <summary>A theory that needs <see cref="MemoryMap"/>.</summary>
internal sealed class FencedTheoryAttribute : TheoryAttribute
{
    public FencedTheoryAttribute()
    {
        if (!OperatingSystem.IsLinux())
            Skip = "needs Linux's mmap and mprotect";
    }
}
