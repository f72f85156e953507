namespace MyGpt.CommandLine.Terminal;

/// <summary>
/// What a verb talks to. Results go to <see cref="Output"/> as UTF-8 bytes and nothing else does; everything for the reader's
/// eyes goes to <see cref="Messages"/>.
/// </summary>
internal sealed class CommandConsole
{
    /// <summary>Standard input, raw bytes.</summary>
    public required Stream Input { get; init; }

    /// <summary>Standard output, raw bytes. Throws <see cref="BrokenPipeException"/> once nobody reads it.</summary>
    public required Stream Output { get; init; }

    /// <summary>Standard error.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Whether standard input is a file or another program's output.</summary>
    public bool InputIsRedirected { get; init; }

    /// <summary>Whether standard output is a terminal.</summary>
    public bool OutputIsTerminal { get; init; }

    /// <summary>Whether standard error is a terminal: only then is progress shown.</summary>
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the terminal that standard error is; 80 where nothing says how many.</summary>
    public int TerminalWidth { get; init; } = 80;

    /// <summary>Whether the environment allows colours: NO_COLOR is not set and the terminal is not a dumb one.</summary>
    public bool ColorAllowed { get; init; }

    /// <summary>
    /// Gives a token that Ctrl-C cancels. Only a verb that looks at it asks for it: until then Ctrl-C ends the process at once.
    /// </summary>
    public required Func<CancellationToken> WatchInterrupt { get; init; }

    /// <summary>Errors, warnings and notes on standard error.</summary>
    public Messages Messages => field ??= new Messages(Error, ErrorIsTerminal && ColorAllowed);

    /// <summary>Text for standard output, UTF-8 without a byte order mark, lines end with LF. Flush it before the verb ends.</summary>
    public StreamWriter OutputText() => new(Output, Utf8.WithoutMark, bufferSize: 4096, leaveOpen: true) { NewLine = "\n" };
}
