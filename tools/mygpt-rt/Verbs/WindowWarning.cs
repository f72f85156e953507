using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Generation;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Says, before the text begins, at which token the context will be full, and how to stop there.</summary>
/// <remarks>Not for a prompt that is longer than the context by itself: its own warning says what the model sees.</remarks>
internal static class WindowWarning
{
    /// <summary>Prints it, one line, if a run may get there and go on.</summary>
    /// <param name="run">A run that has not begun.</param>
    /// <param name="maxNewTokens">What the run generates at most.</param>
    /// <param name="contextLength">T_max.</param>
    /// <param name="overflow">What the run does there.</param>
    /// <param name="console">Where the warning goes.</param>
    public static void Show(GenerationRun run, int maxNewTokens, int contextLength, Overflow overflow, CommandConsole console)
    {
        // The last token takes no position: nothing is computed from it.
        int within = contextLength - run.PromptIds.Length + 1;
        if (overflow == Overflow.Stop || within < 1 || maxNewTokens <= within)
            return;
        console.Messages.Warning($"the context of {contextLength} tokens is full after new token {within}: each one that follows is computed from "
            + $"the last {contextLength} anew, which is slow; --overflow stop ends there");
    }
}
