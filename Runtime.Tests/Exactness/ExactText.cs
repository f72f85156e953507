namespace MyGpt.Runtime.Tests.Exactness;

/// <summary>A sequence whose logits are compared: those of each token of its prompt, then those of each later token.</summary>
/// <param name="Ids">Prompt and continuation.</param>
/// <param name="PromptLength">Tokens that are there from the beginning.</param>
internal sealed record ExactText(int[] Ids, int PromptLength)
{
    /// <summary>Steps of a run: the prompt, then one token each.</summary>
    public const int Steps = 3;

    // Within: to the last position but one of the context. Past: from its end, over it at the first or second token, and longer than it.
    private static readonly int[] Within = [67, 7, 66, 1, 20, 33, 3, 12], Past = [70, 7, 69, 1, 90, 12, 3, 20];

    /// <summary>Eight texts of different lengths; all stay within the context of <see cref="Architectures"/>, or some outgrow it.</summary>
    public static ExactText[] All(int vocabSize, bool pastWindow) =>
        [.. (pastWindow ? Past : Within).Select((length, i) => new ExactText(Tokens(length + Steps - 1, i, vocabSize), length))];

    private static int[] Tokens(int count, int text, int vocabSize) => [.. Enumerable.Range(0, count).Select(i => (i * 997 + text * 31 + 13) % vocabSize)];
}
