using System.Globalization;
using System.Text.Json;

namespace MyGpt.Runtime.Weights;

/// <summary>Where a text stops being JSON, and why, for messages of our own.</summary>
/// <remarks>.NET's message counts lines, tells how to set options of its reader, and may repeat all that is left of the text.</remarks>
/// <param name="Offset">The byte that has no place there; the text's length where it ends too early.</param>
/// <param name="Reason">A clause such as <c>'x' has no place here</c>.</param>
internal readonly record struct JsonFault(int Offset, string Reason)
{
    private const string Depth = "depth of ";

    /// <summary>Finds it.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="failure">What the reader of the text threw.</param>
    public static JsonFault Of(ReadOnlySpan<byte> utf8, JsonException failure)
    {
        int at = 0;
        for (long lines = failure.LineNumber ?? 0; lines > 0 && utf8[at..].IndexOf((byte)'\n') is >= 0 and int end; lines--)
            at += end + 1;
        at = (int)Math.Min(at + (failure.BytePositionInLine ?? 0), utf8.Length);
        return new JsonFault(at, Why(utf8[at..], failure.Message));
    }

    private static string Why(ReadOnlySpan<byte> rest, string message) => rest switch
    {
        _ when message.IndexOf(Depth, StringComparison.Ordinal) is >= 0 and int at =>
            $"objects and arrays are nested beyond a {Depth}{string.Concat(message.Skip(at + Depth.Length).TakeWhile(char.IsAsciiDigit))}",
        [] => "it ends too early",
        [> (byte)' ' and < 0x7F and var letter, ..] => $"'{(char)letter}' has no place here",
        [var other, ..] => string.Create(CultureInfo.InvariantCulture, $"a byte 0x{other:X2} has no place here"),
    };
}
