using System.Buffers;
using System.Text;
using Microsoft.ML.Tokenizers;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.MLTokenizers;

/// <summary>Encodes with a tokenizer of Microsoft.ML.Tokenizers, such as <c>TiktokenTokenizer</c>, where MyGpt.Runtime wants one of its own.</summary>
/// <remarks>
/// A <see cref="Tokenizer"/> does not tell the bytes of a token, only text, in which half a character is lost. What an id stands for is
/// therefore asked of a tokenizer of MyGpt.Runtime with the same ids: the model's own.
/// </remarks>
public sealed class MlTokenizer : ITokenizer
{
    private readonly Tokenizer _encoder;
    private readonly ITokenizer _tokens;
    private readonly HashSet<int> _specialIds;
    private readonly KeyValuePair<string, int>[] _specials;  // the longest first
    private readonly SearchValues<string>? _specialTexts;    // null without special tokens

    /// <summary>Creates the adapter.</summary>
    /// <param name="encoder">Encodes text. It is to be made without special tokens: the adapter finds them.</param>
    /// <param name="tokens">Knows the bytes of each id and the special tokens.</param>
    public MlTokenizer(Tokenizer encoder, ITokenizer tokens)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(tokens);
        _encoder = encoder;
        _tokens = tokens;
        _specialIds = [.. tokens.SpecialTokens.Values];
        _specials = [.. tokens.SpecialTokens.OrderByDescending(token => token.Key.Length)];
        _specialTexts = _specials.Length > 0 ? SearchValues.Create([.. tokens.SpecialTokens.Keys], StringComparison.Ordinal) : null;
    }

    /// <inheritdoc/>
    public int VocabSize => _tokens.VocabSize;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, int> SpecialTokens => _tokens.SpecialTokens;

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Separator => _tokens.Separator;

    /// <inheritdoc/>
    /// <param name="text">Any UTF-16; an unpaired surrogate counts as U+FFFD.</param>
    /// <param name="allowSpecial">True: the text of a special token becomes that token. False: it is ordinary text.</param>
    /// <param name="unknown">Without effect: text without a token is the encoder's affair, and byte-level vocabularies know none.</param>
    /// <exception cref="InvalidOperationException">
    /// The encoder gave an id that is not below <see cref="VocabSize"/>, or a special token where none was asked for.
    /// </exception>
    public int[] Encode(ReadOnlySpan<char> text, bool allowSpecial = false, UnknownText unknown = UnknownText.Error)
    {
        string wellFormed = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.ToString()));
        List<int> ids = [];
        int start = 0;
        while (allowSpecial && NextSpecial(wellFormed, start) is { } special)
        {
            EncodeOrdinary(wellFormed[start..special.At], ids);
            ids.Add(special.Id);
            start = special.At + special.Length;
        }
        EncodeOrdinary(wellFormed[start..], ids);
        return [.. ids];
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> TokenBytes(int id) => _tokens.TokenBytes(id);

    // All special tokens in one search, so that one that does not occur is not looked for again after each that does.
    private (int At, int Length, int Id)? NextSpecial(string text, int start)
    {
        int distance = _specialTexts is null ? -1 : text.AsSpan(start).IndexOfAny(_specialTexts);
        if (distance < 0)
            return null;
        int at = start + distance;
        (string token, int id) = _specials.First(special => text.AsSpan(at).StartsWith(special.Key, StringComparison.Ordinal));
        return (at, token.Length, id);
    }

    private void EncodeOrdinary(string text, List<int> ids)
    {
        if (text.Length == 0)
            return;
        foreach (int id in _encoder.EncodeToIds(text))
        {
            if ((uint)id >= (uint)VocabSize)
                throw new InvalidOperationException($"The encoder gave the id {id}; the vocabulary has the ids 0 to {VocabSize - 1}.");
            if (_specialIds.Contains(id))
                throw new InvalidOperationException($"The encoder made special token {id} of ordinary text; create it without special tokens.");
            ids.Add(id);
        }
    }
}
