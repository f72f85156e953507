using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.MLTokenizers;

/// <summary>Hands a tokenizer of MyGpt.Runtime, of whatever kind, to code that wants a <see cref="Tokenizer"/>.</summary>
/// <param name="tokenizer">The tokenizer.</param>
/// <param name="allowSpecial">Whether the text of a special token becomes that token.</param>
/// <remarks>
/// There is no normalisation and no pre-tokenisation to switch off: <see cref="EncodeSettings"/> counts only for its limit of tokens,
/// which never cuts through a character. Text without a token is an <see cref="UnknownTextException"/>.
/// </remarks>
public sealed class RuntimeTokenizer(ITokenizer tokenizer, bool allowSpecial = false) : Tokenizer
{
    private readonly ITokenizer _tokenizer = tokenizer ?? throw new ArgumentNullException(nameof(tokenizer));

    private readonly Dictionary<int, string> _specials = tokenizer.SpecialTokens.GroupBy(token => token.Value)
        .ToDictionary(group => group.Key, group => group.First().Key);

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        return _tokenizer.Decode([.. ids]);
    }

    /// <inheritdoc/>
    /// <remarks>Stops between characters, so that decoding may go on with the next id; a separator between words is lost there.</remarks>
    public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        ArgumentNullException.ThrowIfNull(ids);
        (idsConsumed, charsWritten) = (0, 0);
        var pending = new ArrayBufferWriter<byte>(); // of the ids since the last complete character
        int taken = 0;
        bool separate = false;
        foreach (int id in ids)
        {
            if (id < 0)
                return OperationStatus.InvalidData;
            ReadOnlySpan<byte> token = _tokenizer.TokenBytes(id);
            if (separate && !token.IsEmpty)
                pending.Write(_tokenizer.Separator);
            pending.Write(token);
            separate |= !token.IsEmpty;
            taken++;
            if (Rune.DecodeLastFromUtf8(pending.WrittenSpan, out _, out _) == OperationStatus.NeedMoreData && pending.WrittenCount > 0)
                continue;
            if (!TryWrite(pending, destination, ref charsWritten))
                return OperationStatus.DestinationTooSmall;
            idsConsumed = taken;
        }
        if (!TryWrite(pending, destination, ref charsWritten))
            return OperationStatus.DestinationTooSmall;
        idsConsumed = taken;
        return OperationStatus.Done;
    }

    /// <inheritdoc/>
    protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        ReadOnlySpan<char> input = text ?? textSpan;
        (int[] ids, byte[][] tokens, TokenSpans spans) = Encode(input);
        int count = spans.CountFromStart(Limit(settings));
        var encoded = new EncodedToken[count];
        for (int i = 0; i < count; i++)
            encoded[i] = new EncodedToken(ids[i], Encoding.UTF8.GetString(tokens[i]), spans[i]);
        return new EncodeResults<EncodedToken> { Tokens = encoded, CharsConsumed = Consumed(spans, count, input.Length) };
    }

    /// <inheritdoc/>
    protected override EncodeResults<int> EncodeToIds(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        ReadOnlySpan<char> input = text ?? textSpan;
        int limit = Limit(settings);
        int[] ids = _tokenizer.Encode(input, allowSpecial);
        if (ids.Length <= limit)
            return new EncodeResults<int> { Tokens = ids, CharsConsumed = input.Length };
        TokenSpans spans = new(input, Bytes(ids));
        int count = spans.CountFromStart(limit);
        return new EncodeResults<int> { Tokens = ids[..count], CharsConsumed = Consumed(spans, count, input.Length) };
    }

    /// <inheritdoc/>
    protected override int CountTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) =>
        EncodeToIds(text, textSpan, settings).Tokens.Count;

    /// <inheritdoc/>
    protected override int GetIndexByTokenCount(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings, bool fromEnd, out string? normalizedString, out int tokenCount)
    {
        normalizedString = null;
        ReadOnlySpan<char> input = text ?? textSpan;
        (_, _, TokenSpans spans) = Encode(input);
        int limit = Limit(settings);
        tokenCount = fromEnd ? spans.CountFromEnd(limit) : spans.CountFromStart(limit);
        if (!fromEnd)
            return Consumed(spans, tokenCount, input.Length);
        return tokenCount == spans.Count ? 0 : tokenCount == 0 ? input.Length : spans[spans.Count - tokenCount].Start.Value;
    }

    private static bool TryWrite(ArrayBufferWriter<byte> pending, Span<char> destination, ref int charsWritten)
    {
        if (Encoding.UTF8.GetCharCount(pending.WrittenSpan) > destination.Length - charsWritten)
            return false;
        charsWritten += Encoding.UTF8.GetChars(pending.WrittenSpan, destination[charsWritten..]);
        pending.ResetWrittenCount();
        return true;
    }

    private static int Limit(EncodeSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.MaxTokenCount, 1, nameof(settings));
        return settings.MaxTokenCount;
    }

    private static int Consumed(TokenSpans spans, int count, int length) =>
        count == spans.Count ? length : count == 0 ? 0 : spans[count - 1].End.Value;

    private (int[] Ids, byte[][] Tokens, TokenSpans Spans) Encode(ReadOnlySpan<char> text)
    {
        int[] ids = _tokenizer.Encode(text, allowSpecial);
        byte[][] tokens = Bytes(ids);
        return (ids, tokens, new TokenSpans(text, tokens));
    }

    // A special token may have no bytes of its own; in the text its name stands for it.
    private byte[][] Bytes(int[] ids) => [.. ids.Select(id => _tokenizer.TokenBytes(id) is { IsEmpty: false } bytes ? bytes.ToArray()
        : _specials.TryGetValue(id, out string? name) ? Encoding.UTF8.GetBytes(name) : [])];
}
