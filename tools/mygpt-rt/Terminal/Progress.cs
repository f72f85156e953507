namespace MyGpt.CommandLine.Terminal;

/// <summary>One line that says what is being done; only where standard error is a terminal, and gone when it is done.</summary>
/// <param name="console">Where to.</param>
internal sealed class Progress(CommandConsole console) : IDisposable
{
    private const string ClearLine = "\r\e[K";

    /// <summary>Replaces the line.</summary>
    public void Show(string text)
    {
        if (console.ErrorIsTerminal)
            console.Error.Write($"{ClearLine}{text} ...");
    }

    public void Dispose()
    {
        if (console.ErrorIsTerminal)
            console.Error.Write(ClearLine);
    }
}
