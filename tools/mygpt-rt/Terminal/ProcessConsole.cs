using System.Runtime.InteropServices;

namespace MyGpt.CommandLine.Terminal;

/// <summary>The streams and signals of this process.</summary>
internal sealed class ProcessConsole : IDisposable
{
    private readonly CancellationTokenSource _interrupted = new();
    private PosixSignalRegistration? _signal;
    private readonly StandardInput _input = new();
    private readonly StandardStream _output = StandardStream.Output();
    private readonly StreamWriter _error = new(StandardStream.Error(), Utf8.WithoutMark, bufferSize: 256) { AutoFlush = true };

    public ProcessConsole()
    {
        if (OperatingSystem.IsWindows() && !System.Console.IsOutputRedirected)
            System.Console.OutputEncoding = Utf8.WithoutMark;   // the code page of a Windows terminal is seldom UTF-8
        Console = new CommandConsole
        {
            Input = _input,
            Output = _output,
            Error = _error,
            InputIsRedirected = System.Console.IsInputRedirected,
            OutputIsTerminal = !System.Console.IsOutputRedirected,
            ErrorIsTerminal = !System.Console.IsErrorRedirected,
            ColorAllowed = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                && Environment.GetEnvironmentVariable("TERM") != "dumb",
            // The environment and not Console.WindowWidth, which sends a terminal control sequences on standard output.
            TerminalWidth = int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out int columns) && columns > 0 ? columns : 80,
            WatchInterrupt = WatchInterrupt,
        };
    }

    /// <summary>What the verbs talk to.</summary>
    public CommandConsole Console { get; }

    public void Dispose()
    {
        _signal?.Dispose();
        _interrupted.Dispose();
        _error.Dispose();
        _output.Dispose();
    }

    private CancellationToken WatchInterrupt()
    {
        _signal ??= PosixSignalRegistration.Create(PosixSignal.SIGINT, OnInterrupt);
        return _interrupted.Token;
    }

    // The first Ctrl-C asks for an orderly end, the second ends the process.
    private void OnInterrupt(PosixSignalContext context)
    {
        context.Cancel = !_interrupted.IsCancellationRequested;
        _interrupted.Cancel();
    }
}
