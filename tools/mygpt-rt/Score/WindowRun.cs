using System.Diagnostics;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Scoring;

namespace MyGpt.CommandLine.Score;

/// <summary>Predicts the last tokens of a window, as many as there are results.</summary>
internal delegate void WindowPredictor<T>(ReadOnlySpan<int> tokens, Span<T> results, CancellationToken cancellation);

/// <summary>Goes through a text window by window, and measures how long that takes.</summary>
/// <param name="text">The text.</param>
/// <param name="contextLength">T_max.</param>
/// <param name="stride">How far each window is from the one before, 1 to T_max.</param>
/// <param name="console">Where the progress is shown; Ctrl-C ends the run.</param>
internal sealed class WindowRun(ScoredText text, int contextLength, int stride, CommandConsole console)
{
    // Predicted before the clock starts: what comes first is compiling and fetching memory.
    private const int WarmUpTokens = 16;

    /// <summary>Goes through it.</summary>
    /// <param name="predict">Predicts the tokens of a window.</param>
    /// <param name="visit">Gets the place of each token in the text, but of the first, and its result; in order, and once.</param>
    /// <returns>How long it took.</returns>
    /// <exception cref="OperationCanceledException">Ctrl-C.</exception>
    public TimeSpan Run<T>(WindowPredictor<T> predict, Action<int, T> visit)
    {
        CancellationToken interrupted = console.WatchInterrupt();
        using var progress = new Progress(console);
        var results = new T[Math.Min(contextLength, text.Predictions)];
        int warmUp = Math.Min(WarmUpTokens, results.Length);
        predict(text.Tokens[..(warmUp + 1)], results.AsSpan(0, warmUp), interrupted);

        long start = Stopwatch.GetTimestamp();
        foreach (ScoreWindow window in ScoreWindow.Strided(text.Tokens.Length, contextLength, stride))
        {
            progress.Show($"{Figures.Count(window.FirstPredicted - 1)} of {Figures.Count(text.Predictions)} tokens");
            Span<T> found = results.AsSpan(0, window.Predictions);
            predict(text.Tokens[window.Tokens], found, interrupted);
            for (int i = 0; i < found.Length; i++)
                visit(window.FirstPredicted + i, found[i]);
        }
        return Stopwatch.GetElapsedTime(start);
    }
}
