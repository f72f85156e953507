using System.Globalization;
using MyGpt.Checkpoints;

namespace MyGpt.CommandLine.Terminal;

/// <summary>How far a conversion is, in one line of standard error; only where that is a terminal, and gone when it is done.</summary>
/// <remarks>Without colour and without control sequences: a return to the line's start and a text of fixed length draw it anywhere.</remarks>
/// <param name="console">Where to.</param>
internal sealed class ProgressBar(CommandConsole console) : IProgress<ConversionProgress>, IDisposable
{
    private const int LongestBar = 30;

    private string _shown = "";

    /// <summary>Draws the bar if it would look different.</summary>
    public void Report(ConversionProgress value)
    {
        if (!console.ErrorIsTerminal)
            return;
        string text = Text(value, console.TerminalWidth);
        if (text == _shown)
            return;
        console.Error.Write($"\r{text}");
        _shown = text;
    }

    /// <summary>Erases the bar.</summary>
    public void Dispose()
    {
        if (_shown.Length > 0)
            console.Error.Write($"\r{new string(' ', _shown.Length)}\r");
        _shown = "";
    }

    /// <summary>The line: a bar as long as there is room for, the share that is done, and the size of the whole.</summary>
    /// <param name="progress">How far it is.</param>
    /// <param name="width">Columns of the terminal; the last one stays free, where some terminals begin the next line.</param>
    /// <returns>As many characters for every part of the same whole; the share alone where there is room for nothing else.</returns>
    internal static string Text(ConversionProgress progress, int width)
    {
        double share = Math.Clamp((double)progress.WrittenBytes / progress.TotalBytes, 0, 1);
        string percent = string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(share * 100),3:0} %");
        string size = string.Create(CultureInfo.InvariantCulture, $" of {progress.TotalBytes / 1e6:0.0} MB");
        int room = width - 1 - percent.Length - size.Length;
        if (room < 0)
            return percent;
        int bar = Math.Min(LongestBar, room - "[] ".Length);
        if (bar < 1)
            return percent + size;
        int done = (int)(share * bar);
        return $"[{new string('#', done)}{new string('.', bar - done)}] {percent}{size}";
    }
}
