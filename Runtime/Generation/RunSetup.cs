using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Generation;

/// <summary>What stays the same during a run.</summary>
internal sealed class RunSetup
{
    /// <summary>Most logits of all proposals of a step together, 64 MiB: 333 proposals of GPT-2's 50,257 tokens.</summary>
    public const long MostProposalLogits = 1 << 24;

    public required Gpt Gpt { get; init; }

    public required ITokenizer? Tokenizer { get; init; }

    public required GenerationOptions Options { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>The whole prompt, at least one token.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>Whether the continuation stands behind other text, not at the beginning of one.</summary>
    public required bool TextPrecedes { get; init; }

    public required int[] EndTokens { get; init; }

    public required Overflow Overflow { get; init; }

    /// <summary>What guesses cost.</summary>
    public StepCost StepCost => Options.GuessPrice is { } price ? new StepCost(price) : Gpt.StepCost;

    /// <summary>Whether a guess that is right brings more than it costs.</summary>
    public bool GuessesPay => StepCost.Price < StepCost.Token;

    /// <summary>
    /// Most tokens that are proposed to follow a sample at a time; 0 without speculation, which needs a cache to go back in, and a model that gains by it.
    /// </summary>
    public int MostProposals => Options.UseKvCache && GuessesPay ? (int)Math.Min(Options.Speculate, MostProposalLogits / Gpt.Config.VocabSize / Options.SampleCount) : 0;

    /// <summary>T_max.</summary>
    public int ContextLength => Gpt.Config.ContextLength;

    /// <summary>The last tokens of the prompt, as many as the model can see.</summary>
    public ReadOnlySpan<int> VisiblePrompt => Prompt.AsSpan(Math.Max(0, Prompt.Length - ContextLength));
}
