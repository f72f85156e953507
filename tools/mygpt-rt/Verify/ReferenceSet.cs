namespace MyGpt.CommandLine.Verify;

/// <summary>What a reference file says a model computes.</summary>
/// <param name="Path">The file, for messages.</param>
/// <param name="Cases">Prompts with logits.</param>
/// <param name="Greedy">Prompts with their most likely continuation.</param>
/// <param name="FloatError">
/// d: how far the reference's own float32 run is from its float64 run at most, over all cases; 0 where the file does not say.
/// </param>
internal sealed record ReferenceSet(
    string Path, IReadOnlyList<ReferenceCase> Cases, IReadOnlyList<ReferenceGreedy> Greedy, double FloatError);

/// <summary>One prompt with its logits.</summary>
/// <param name="Name">For messages: one plain line.</param>
/// <param name="PromptIds">(T) token ids.</param>
/// <param name="Logits">Where the logits are.</param>
/// <param name="ArgMax">(T) the most likely next token at every position, or null.</param>
internal sealed record ReferenceCase(string Name, int[] PromptIds, LogitsLocation Logits, int[]? ArgMax);

/// <summary>A block of logits in a file of numbers.</summary>
/// <param name="Path">The file.</param>
/// <param name="IsDouble">float64 numbers, else float32; little-endian.</param>
/// <param name="Offset">The first number, counted in numbers.</param>
/// <param name="Rows">Positions: all T of the prompt, or 1, the last.</param>
/// <param name="Columns">V.</param>
internal sealed record LogitsLocation(string Path, bool IsDouble, long Offset, int Rows, int Columns);

/// <summary>One prompt with its greedy continuation.</summary>
/// <param name="Name">For messages: one plain line.</param>
/// <param name="PromptIds">(T) token ids.</param>
/// <param name="Ids">The continuation; the input is cropped to the last T_max tokens where it outgrows the context.</param>
internal sealed record ReferenceGreedy(string Name, int[] PromptIds, int[] Ids);
