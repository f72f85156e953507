using System.Buffers;
using System.Text;

namespace MyGpt.CommandLine.Terminal;

/// <summary>The one encoding of this program, whatever the locale.</summary>
internal static class Utf8
{
    /// <summary>UTF-8 that writes no byte order mark and reads invalid bytes as U+FFFD.</summary>
    public static readonly UTF8Encoding WithoutMark = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    /// <summary>How many bytes from the start are UTF-8: all, or as many as stand before the first character that is broken.</summary>
    public static int ValidLength(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
            return bytes.Length;
        int valid = 0;
        while (Rune.DecodeFromUtf8(bytes[valid..], out _, out int length) == OperationStatus.Done)
            valid += length;
        return valid;
    }
}
