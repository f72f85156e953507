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
/// <param name="LogitsFile">The file with the logits.</param>
/// <param name="Logits">Where in it: all T rows, or 1, the last.</param>
/// <param name="ArgMax">(T) the most likely next token at every position, or null.</param>
/// <param name="Hidden">Outputs of the operations on the way, or null.</param>
internal sealed record ReferenceCase(
    string Name, int[] PromptIds, NumbersName LogitsFile, NumberBlock Logits, int[]? ArgMax, HiddenStates? Hidden);

/// <summary>A file of numbers.</summary>
/// <param name="Path">The file.</param>
/// <param name="IsDouble">float64 numbers, else float32; little-endian.</param>
internal sealed record NumbersName(string Path, bool IsDouble);

/// <summary>Consecutive rows of a file of numbers.</summary>
/// <param name="Offset">The first number, counted in numbers.</param>
/// <param name="Rows">Positions.</param>
/// <param name="Columns">Numbers of one position.</param>
internal sealed record NumberBlock(long Offset, int Rows, int Columns);

/// <summary>What the operations of a forward pass gave for a prompt.</summary>
/// <param name="File">The file with the values.</param>
/// <param name="Operations">By name; each is there once.</param>
internal sealed record HiddenStates(NumbersName File, IReadOnlyDictionary<string, HiddenOperation> Operations);

/// <summary>One operation's output for a prompt.</summary>
/// <param name="Values">All T rows.</param>
/// <param name="FloatError">How far the reference's own float32 run is from its float64 run here; null where the file does not say.</param>
internal sealed record HiddenOperation(NumberBlock Values, double? FloatError);

/// <summary>One prompt with its greedy continuation.</summary>
/// <param name="Name">For messages: one plain line.</param>
/// <param name="PromptIds">(T) token ids.</param>
/// <param name="Ids">The continuation; the input is cropped to the last T_max tokens where it outgrows the context.</param>
internal sealed record ReferenceGreedy(string Name, int[] PromptIds, int[] Ids);
