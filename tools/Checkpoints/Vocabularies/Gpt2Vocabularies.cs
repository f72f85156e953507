using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>Knows a model of GPT-2's vocabulary by its size.</summary>
internal static class Gpt2Vocabularies
{
    /// <summary>nanoGPT's default: <see cref="Gpt2Vocabulary.TokenCount"/> rounded up to a multiple of 64, for speed.</summary>
    private const int PaddedTokenCount = 50304;

    /// <summary>GPT-2's vocabulary for a model of its size, or null.</summary>
    /// <param name="vocabSize">V of the model.</param>
    /// <param name="report">Gets what was assumed.</param>
    public static TokenizerData? ForSize(int vocabSize, Report report)
    {
        if (vocabSize is not (Gpt2Vocabulary.TokenCount or PaddedTokenCount))
            return null;
        string padding = vocabSize == PaddedTokenCount
            ? $" padded to a multiple of 64; ids from {Gpt2Vocabulary.TokenCount} on have no text" : "";
        report.Assumed($"GPT-2's vocabulary: the model has {vocabSize} tokens, which is its size{padding}");
        return Gpt2Vocabulary.Create();
    }
}
