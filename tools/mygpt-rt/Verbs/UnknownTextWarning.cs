using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Says which text the model does not see as it was given.</summary>
internal static class UnknownTextWarning
{
    /// <summary>Warns of the first part of a text that was left out or replaced; nothing when the vocabulary has all of it.</summary>
    /// <param name="tokenizer">The vocabulary.</param>
    /// <param name="text">The text.</param>
    /// <param name="allowSpecial">Whether special tokens in it count as such.</param>
    /// <param name="unknown">What was done.</param>
    /// <param name="console">Gets the warning.</param>
    /// <returns>Whether the model sees another text than the one given.</returns>
    public static bool Show(ITokenizer tokenizer, string text, bool allowSpecial, UnknownText unknown, CommandConsole console)
    {
        try
        {
            if (unknown != UnknownText.Error)
                tokenizer.Encode(text, allowSpecial);
            return false;
        }
        catch (UnknownTextException e)
        {
            string done = unknown == UnknownText.Skip ? "left out" : "replaced";
            console.Messages.Warning($"{e.Message}; it was {done}, and so is any other such text");
            return true;
        }
    }
}
