using System.Buffers;
using System.Globalization;
using System.Text;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Verbs;

/// <summary>A token as text.</summary>
internal static class TokenText
{
    /// <summary>As it is; what is no UTF-8 becomes U+FFFD.</summary>
    /// <param name="token">The token's bytes.</param>
    public static string Plain(ReadOnlySpan<byte> token) => Encoding.UTF8.GetString(token);

    /// <summary>In quotes, so that spaces can be seen; a part of a character as its bytes.</summary>
    /// <param name="token">The token's bytes.</param>
    public static string Shown(ReadOnlySpan<byte> token)
    {
        var text = new StringBuilder("'");
        while (!token.IsEmpty)
        {
            bool whole = Rune.DecodeFromUtf8(token, out Rune rune, out int length) == OperationStatus.Done;
            if (whole)
                text.Append(rune.ToString());
            else
            {
                foreach (byte value in token[..length])
                    text.Append("\\x").Append(value.ToString("x2", CultureInfo.InvariantCulture));
            }
            token = token[length..];
        }
        return Messages.OneLine(text.Append('\'').ToString());
    }
}
