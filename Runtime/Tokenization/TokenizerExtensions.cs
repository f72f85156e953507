using System.Buffers;
using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>What every tokenizer can do with its bytes.</summary>
public static class TokenizerExtensions
{
    /// <summary>The text of a sequence of tokens.</summary>
    /// <param name="tokenizer">Knows the bytes of each token.</param>
    /// <param name="ids">Token ids, 0 or more; ids without text add nothing.</param>
    /// <returns>The tokens' bytes as text, separated as the vocabulary does; bytes that are not UTF-8 become U+FFFD.</returns>
    public static string Decode(this ITokenizer tokenizer, ReadOnlySpan<int> ids)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        var utf8 = new ArrayBufferWriter<byte>();
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> token = tokenizer.TokenBytes(id);
            if (token.IsEmpty)
                continue;
            if (utf8.WrittenCount > 0)
                utf8.Write(tokenizer.Separator);
            utf8.Write(token);
        }
        return Encoding.UTF8.GetString(utf8.WrittenSpan);
    }
}
