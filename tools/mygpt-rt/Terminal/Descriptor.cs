using Microsoft.Win32.SafeHandles;

namespace MyGpt.CommandLine.Terminal;

/// <summary>File descriptors that whoever started this process should have opened.</summary>
internal static class Descriptor
{
    // Of fcntl.h: on Linux the same number on all machines that .NET runs on. Octal there and in /proc, 02000000.
    private const int CloseOnExec = 0x80000;

    /// <summary>Whether a descriptor was closed when this process started.</summary>
    /// <remarks>
    /// The first file that a process opens gets the lowest descriptor that is free, and the .NET runtime opens files and pipes of its own before
    /// any code of ours: what was closed is one of them by then, and reading or writing it would wait for ever or disturb the runtime. The
    /// runtime marks all that it opens as not for child processes, and nothing that bears that mark can have come from a parent. Only Linux
    /// tells.
    /// </remarks>
    /// <param name="descriptor">0, 1 or 2.</param>
    public static bool WasClosed(int descriptor)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            using SafeFileHandle info = File.OpenHandle($"/proc/self/fdinfo/{descriptor}");
            Span<byte> text = stackalloc byte[256];
            return (Flags(text[..RandomAccess.Read(info, text, 0)]) & CloseOnExec) != 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;   // without /proc nothing tells
        }
    }

    // The line "flags:", a tab and octal digits; 0 without one.
    private static int Flags(ReadOnlySpan<byte> info)
    {
        ReadOnlySpan<byte> key = "flags:\t"u8;
        int flags = 0, start = info.IndexOf(key);
        for (int i = start + key.Length; start >= 0 && i < info.Length && info[i] is >= (byte)'0' and <= (byte)'7'; i++)
            flags = (flags * 8) + (info[i] - '0');
        return flags;
    }
}
