using System.Text;

namespace MyGpt.CommandLine.Terminal;

/// <summary>The one encoding of this program, whatever the locale.</summary>
internal static class Utf8
{
    /// <summary>UTF-8 that writes no byte order mark and reads invalid bytes as U+FFFD.</summary>
    public static readonly UTF8Encoding WithoutMark = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);
}
