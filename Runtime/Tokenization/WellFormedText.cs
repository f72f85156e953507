using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>Vocabularies hold well-formed text only: an unpaired surrogate has no UTF-8.</summary>
internal static class WellFormedText
{
    /// <summary>The UTF-8 bytes of a text.</summary>
    /// <returns>False if the text holds an unpaired surrogate.</returns>
    public static bool TryEncode(string text, out byte[] utf8)
    {
        utf8 = Encoding.UTF8.GetBytes(text);
        return Encoding.UTF8.GetString(utf8) == text; // a surrogate comes back as U+FFFD
    }
}
