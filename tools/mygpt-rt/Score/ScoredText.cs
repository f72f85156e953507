using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.CommandLine.Score;

/// <summary>A text as the tokens that a model sees.</summary>
internal sealed class ScoredText
{
    private readonly ITokenizer _tokenizer;
    private readonly int[] _tokens;

    private ScoredText(ITokenizer tokenizer, int[] tokens) => (_tokenizer, _tokens) = (tokenizer, tokens);

    /// <summary>Token ids.</summary>
    public ReadOnlySpan<int> Tokens => _tokens;

    /// <summary>How many of them are predicted: all but the first.</summary>
    public int Predictions => _tokens.Length - 1;

    /// <summary>Encodes a text. Where every text that the model was trained on began with a token, this one does too.</summary>
    /// <param name="model">Whose vocabulary.</param>
    /// <param name="path">Its file, for messages.</param>
    /// <param name="text">The text.</param>
    /// <param name="allowSpecial">Whether special tokens in it count as such.</param>
    /// <param name="unknown">What to do with what the vocabulary does not have.</param>
    /// <param name="console">Gets a warning if the model sees another text than the one given.</param>
    /// <exception cref="CommandException">The model has no vocabulary.</exception>
    /// <exception cref="UnknownTextException">The vocabulary does not have a part of the text.</exception>
    public static ScoredText Encode(LanguageModel model, string path, string text, bool allowSpecial, UnknownText unknown, CommandConsole console)
    {
        if (model.Tokenizer is not { } tokenizer)
            throw NoVocabulary.CannotScore(path);
        int[] tokens = tokenizer.Encode(text, allowSpecial, unknown);
        UnknownTextWarning.Show(tokenizer, text, allowSpecial, unknown, console);
        if (model.Description.Generation is { StartBeforePrompt: true, StartToken: { } first })
            tokens = [first, .. tokens];
        return new ScoredText(tokenizer, tokens);
    }

    /// <summary>Checks that it is long enough.</summary>
    /// <param name="least">Tokens that are needed, 2 or more.</param>
    /// <param name="why">What for.</param>
    /// <exception cref="CommandException">It has fewer. Of fewer than two no model could say anything; else it is what was asked that needs more.</exception>
    public void Require(int least, string why)
    {
        if (_tokens.Length >= least)
            return;
        throw new CommandException(_tokens.Length < 2 ? ExitCode.BadFile : ExitCode.Usage,
            $"the text has {Figures.Count(_tokens.Length)} token{(_tokens.Length == 1 ? "" : "s")}; at least {Figures.Count(least)} are needed: {why}");
    }

    /// <summary>The UTF-8 bytes of a token; possibly only a part of a character.</summary>
    /// <param name="index">Its place in the text.</param>
    public ReadOnlySpan<byte> Bytes(int index) => _tokenizer.TokenBytes(_tokens[index]);

    /// <summary>How much longer a token makes the text in UTF-8: its bytes, and those that stand before it.</summary>
    /// <param name="index">Its place in the text.</param>
    public int ByteCount(int index) => Bytes(index) is { IsEmpty: false } bytes && index > 0 ? _tokenizer.Separator.Length + bytes.Length : Bytes(index).Length;

    /// <summary>The last bytes of the text before a token.</summary>
    /// <param name="index">Its place in the text.</param>
    /// <param name="most">Bytes to return at most; fewer where a character would be cut.</param>
    public byte[] BytesBefore(int index, int most)
    {
        List<byte> reversed = [];
        while (--index >= 0 && reversed.Count < most)
        {
            ReadOnlySpan<byte> token = Bytes(index), separator = reversed.Count > 0 ? _tokenizer.Separator : [];
            Prepend(separator);
            Prepend(token);
        }
        while (reversed.Count > 0 && (reversed[^1] & 0xC0) == 0x80)   // the rest of a character that was cut
            reversed.RemoveAt(reversed.Count - 1);
        reversed.Reverse();
        return [.. reversed];

        void Prepend(ReadOnlySpan<byte> bytes)
        {
            for (int i = bytes.Length - 1; i >= 0 && reversed.Count < most; i--)
                reversed.Add(bytes[i]);
        }
    }
}
