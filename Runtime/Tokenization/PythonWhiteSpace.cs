namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// What Python takes for white space in <c>str.split()</c> and in the expression <c>\s</c>: the 25 characters with Unicode's property
/// White_Space and the four separators U+001C to U+001F, which do not have it.
/// </summary>
/// <remarks>
/// Python's str.isspace: bidirectional class WS, B or S, or category Zs. The table is Unicode 16 and has not changed since Unicode 6.3
/// (2013), when U+180E left it.
/// </remarks>
internal static class PythonWhiteSpace
{
    /// <summary>Whether a UTF-16 unit is white space; all of it is in the BMP.</summary>
    public static bool Contains(char unit) => unit
        is (>= '\t' and <= '\r') or (>= '\u001C' and <= ' ') or '\u0085' or '\u00A0' or '\u1680' or (>= '\u2000' and <= '\u200A')
        or '\u2028' or '\u2029' or '\u202F' or '\u205F' or '\u3000';
}
