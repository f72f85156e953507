using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Generation;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Says once that the context is full, how fast it goes on, and how to stop instead.</summary>
/// <remarks>Not for a prompt that is longer than the context by itself: its own warning has said what the model sees.</remarks>
internal sealed class WindowWarning(int contextLength, CommandConsole console)
{
    // The last of a few steps is the best forecast for those to come: the first one meets cold code. Slow models need not wait.
    private const int Steps = 4;
    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(50);

    private int _steps;
    private long _tokens;
    private TimeSpan _time;

    /// <summary>Looks at the run after a step, and warns when it knows the rate.</summary>
    /// <param name="run">The run.</param>
    /// <param name="isAtLineStart">Whether the text ended with a line; else the warning begins one on a terminal.</param>
    public void Check(GenerationRun run, bool isAtLineStart)
    {
        GenerationStatistics statistics = run.Statistics;
        if (run.PromptIds.Length > contextLength || statistics.PastWindowTokens == 0 || _steps >= Steps)
            return;
        double rate = (statistics.PastWindowTokens - _tokens) / (statistics.PastWindowTime - _time).TotalSeconds;
        (_tokens, _time) = (statistics.PastWindowTokens, statistics.PastWindowTime);
        bool ended = run.Samples.All(sample => sample.FinishReason is not null);
        if (++_steps < Steps && _time < LongEnough && !ended)
            return;
        _steps = Steps;
        if (!isAtLineStart && console is { OutputIsTerminal: true, ErrorIsTerminal: true })
            console.Error.WriteLine();
        // A run that ended before its first step past the window was measured has no rate.
        string pace = double.IsFinite(rate) && rate > 0 ? $", at about {Figures.Rate(rate)} tokens/s" : "";
        console.Messages.Warning($"the context of {contextLength} tokens is full: the model now sees only the last of them{pace}; "
            + "--overflow stop ends here");
    }
}
