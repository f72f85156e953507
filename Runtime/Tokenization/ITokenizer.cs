namespace MyGpt.Runtime.Tokenization;

/// <summary>Text to token ids and back. Implementations are immutable and safe to share between threads.</summary>
public interface ITokenizer
{
    /// <summary>Number of ids that have text; a model's vocabulary may be padded beyond it.</summary>
    int VocabSize { get; }

    /// <summary>Tokens such as <c>&lt;|endoftext|&gt;</c> that stand for more than their text, and their ids.</summary>
    IReadOnlyDictionary<string, int> SpecialTokens { get; }

    /// <summary>UTF-8 bytes that stand between two tokens when they are put back together: a space for word lists, else nothing.</summary>
    ReadOnlySpan<byte> Separator { get; }

    /// <summary>Encodes text.</summary>
    /// <param name="text">Any UTF-16; an unpaired surrogate counts as U+FFFD.</param>
    /// <param name="allowSpecial">True: the text of a special token becomes that token. False: it is ordinary text.</param>
    /// <param name="unknown">What to do with a part of the text that has no token.</param>
    /// <returns>The ids, each below <see cref="VocabSize"/>.</returns>
    /// <exception cref="UnknownTextException">
    /// The vocabulary has no token for a part of the text, and it was not to be left out or could not be replaced.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="unknown"/> is no member of the enum.</exception>
    int[] Encode(ReadOnlySpan<char> text, bool allowSpecial = false, UnknownText unknown = UnknownText.Error);

    /// <summary>The UTF-8 bytes of one token: possibly only a part of a character, empty for an id without text.</summary>
    /// <param name="id">A token id, 0 or more.</param>
    ReadOnlySpan<byte> TokenBytes(int id);
}
