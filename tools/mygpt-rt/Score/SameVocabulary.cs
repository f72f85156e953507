using MyGpt.Runtime;

namespace MyGpt.CommandLine.Score;

/// <summary>Holds two models to one vocabulary: only then are they asked the same question about a text.</summary>
internal static class SameVocabulary
{
    /// <summary>Checks that both models see a text as the same tokens and choose among the same.</summary>
    /// <exception cref="CommandException">They do not; the message says in what they differ.</exception>
    public static void Require(LanguageModel model, string path, LanguageModel other, string otherPath)
    {
        if (Difference(model, other) is { } difference)
            throw CommandException.Usage($"'{path}' and '{otherPath}' cannot be compared: {difference}; only models of one vocabulary can");
    }

    private static string? Difference(LanguageModel a, LanguageModel b)
    {
        int sizeA = a.Gpt.Config.VocabSize, sizeB = b.Gpt.Config.VocabSize;
        if (sizeA != sizeB)
            return $"they choose among {sizeA} and {sizeB} tokens";
        if (a.Description.Tokenizer != b.Description.Tokenizer)
            return "their tokenizers differ";
        return FirstToken(a) != FirstToken(b) ? "they begin a text with different tokens" : null;
    }

    private static int? FirstToken(LanguageModel model) =>
        model.Description.Generation is { StartBeforePrompt: true, StartToken: { } first } ? first : null;
}
