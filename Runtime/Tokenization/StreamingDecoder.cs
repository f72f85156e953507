using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// Turns token ids into text one by one and never hands out half a character: bytes wait until their character is complete.
/// </summary>
/// <remarks>
/// What has been handed out, put together, is what <see cref="Encoding.UTF8"/> makes of all bytes at once; bytes that are not UTF-8
/// become U+FFFD. Appending allocates nothing once the buffers have the size of the longest token. One instance for one thread.
/// </remarks>
public sealed class StreamingDecoder
{
    private readonly ITokenizer _tokenizer;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private char[] _text = new char[256];
    private bool _separate;

    /// <summary>Creates a decoder at the beginning of a text.</summary>
    /// <param name="tokenizer">Knows the bytes of each token.</param>
    /// <param name="textPrecedes">True: the tokens continue a text, so that a word is separated from it. False: they begin one.</param>
    public StreamingDecoder(ITokenizer tokenizer, bool textPrecedes = false)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _separate = textPrecedes;
    }

    /// <summary>Takes the next token.</summary>
    /// <param name="id">A token id, 0 or more; one without text, such as a padded vocabulary has, adds nothing.</param>
    /// <returns>The characters that are complete now, possibly none; valid until the next call.</returns>
    public ReadOnlySpan<char> Append(int id)
    {
        ReadOnlySpan<byte> token = _tokenizer.TokenBytes(id);
        if (token.IsEmpty)
            return [];
        ReadOnlySpan<byte> separator = _separate ? _tokenizer.Separator : [];
        _separate = true;

        Reserve(separator.Length, token.Length);
        int length = separator.IsEmpty ? 0 : _decoder.GetChars(separator, _text, flush: false);
        length += _decoder.GetChars(token, _text.AsSpan(length), flush: false);
        return _text.AsSpan(0, length);
    }

    /// <summary>Ends the text.</summary>
    /// <returns>U+FFFD if it ended within a character, else nothing; valid until the next call.</returns>
    public ReadOnlySpan<char> Flush() => _text.AsSpan(0, _decoder.GetChars([], _text, flush: true));

    /// <summary>Begins another text; what was pending is dropped.</summary>
    /// <param name="textPrecedes">As in the constructor.</param>
    public void Reset(bool textPrecedes = false)
    {
        _decoder.Reset();
        _separate = textPrecedes;
    }

    private void Reserve(int separator, int token)
    {
        int needed = Encoding.UTF8.GetMaxCharCount(separator) + Encoding.UTF8.GetMaxCharCount(token);
        if (_text.Length < needed)
            _text = new char[needed];
    }
}
