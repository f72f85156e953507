using System.Buffers;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Decides what stands between two samples, so that a reader can tell where one ends and the next begins.</summary>
internal static class SampleSeparator
{
    private const string Line = "---\n";

    private static readonly SearchValues<byte> BreakBytes = SearchValues.Create("\r\n"u8);

    /// <summary>
    /// Nothing where no sample can hold a line break, because neither the prompt nor any token does: each sample is a line then,
    /// as a list of names should be. Else a line <c>---</c>.
    /// </summary>
    /// <param name="prompt">What stands before each continuation.</param>
    /// <param name="tokenizer">The model's tokenizer; null where samples are ids.</param>
    public static string Between(string prompt, ITokenizer? tokenizer) =>
        prompt.AsSpan().ContainsAny('\r', '\n') || (tokenizer is not null && HasLineBreak(tokenizer)) ? Line : "";

    private static bool HasLineBreak(ITokenizer tokenizer)
    {
        for (int id = 0; id < tokenizer.VocabSize; id++)
        {
            if (tokenizer.TokenBytes(id).ContainsAny(BreakBytes))
                return true;
        }
        return tokenizer.Separator.ContainsAny(BreakBytes);
    }
}
