using System.Globalization;
using System.Text;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Arguments;

/// <summary>A text from a file or from standard input.</summary>
/// <remarks>UTF-8: nothing is trimmed. Only a byte order mark at the start is no part of the text.</remarks>
internal static class TextFile
{
    /// <summary>What stands for standard input.</summary>
    public const string StandardInput = "-";

    // Far more than any context holds, and than the texts that models are compared by with `score`, which are of one or two million bytes;
    // little enough that a wrong file does not fill the memory with its text and its tokens.
    private const int MaxBytes = 16 << 20;

    /// <summary>Reads a file, or standard input where the path says so; bytes that are no UTF-8 are an error.</summary>
    /// <param name="path">As the user gave it.</param>
    /// <param name="console">Where standard input is; Ctrl-C ends the reading of a pipe.</param>
    /// <exception cref="CommandException">It does not exist, is too long, or is not UTF-8.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C came first.</exception>
    public static string ReadAny(string path, CommandConsole console) =>
        path == StandardInput ? ReadStandardInput(replaceInvalid: false, console) : Read(path, replaceInvalid: false, console);

    /// <summary>Reads a file.</summary>
    /// <param name="path">As the user gave it.</param>
    /// <param name="replaceInvalid">Whether bytes that are no UTF-8 become U+FFFD, with a warning, and are no error.</param>
    /// <param name="console">Gets the warning; Ctrl-C ends the reading of a pipe.</param>
    /// <exception cref="CommandException">It does not exist, is too long, or is not UTF-8.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C came first.</exception>
    public static string Read(string path, bool replaceInvalid, CommandConsole console)
    {
        InputFile.Require(path);
        CancellationToken interrupted = console.WatchInterrupt();
        Task<FileStream> opening = Task.Run(   // which waits, where it is a pipe, for the writer
            () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0));
        using FileStream file = Result(opening, interrupted);
        return Decode(Bytes(file, $"'{path}'", interrupted), $"'{path}'", replaceInvalid, console);
    }

    /// <summary>Reads standard input.</summary>
    /// <param name="replaceInvalid">As for a file.</param>
    /// <param name="console">Where it is; gets the warning.</param>
    /// <exception cref="CommandException">It is too long, or is not UTF-8.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C came first.</exception>
    public static string ReadStandardInput(bool replaceInvalid, CommandConsole console)
    {
        const string Name = "standard input";
        return Decode(Bytes(console.Input, Name, console.WatchInterrupt()), Name, replaceInvalid, console);
    }

    private static ReadOnlySpan<byte> Bytes(Stream stream, string name, CancellationToken interrupted)
    {
        using var bytes = new MemoryStream();
        byte[] block = new byte[64 << 10];
        for (int read; (read = Result(Task.Run(() => stream.Read(block)), interrupted)) > 0;)
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > MaxBytes)
                throw new CommandException(ExitCode.BadFile, $"{name} is longer than {MaxBytes >> 20} MiB; a text may not be: give a part of it");
        }
        return bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
    }

    private static string Decode(ReadOnlySpan<byte> text, string name, bool replaceInvalid, CommandConsole console)
    {
        int mark = text.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        int valid = Utf8.ValidLength(text);
        if (valid < text.Length)
        {
            string problem = $"{name} is not UTF-8: {Reason(text, valid)}";
            if (!replaceInvalid)
                throw new CommandException(ExitCode.BadFile, $"{problem}; save the text as UTF-8");
            console.Messages.Warning($"{problem}; such bytes are read as U+FFFD");
        }
        return Utf8.WithoutMark.GetString(text[mark..]);
    }

    // A read from a terminal or a pipe knows no Ctrl-C, and may never end: it is left behind on its thread, which the process does not wait for.
    private static T Result<T>(Task<T> task, CancellationToken interrupted)
    {
        Task.WaitAny([task], interrupted);
        return task.GetAwaiter().GetResult();
    }

    private static string Reason(ReadOnlySpan<byte> text, int offset) => text is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..]
        ? "it begins as UTF-16 does"
        : string.Create(CultureInfo.InvariantCulture, $"byte {offset} is 0x{text[offset]:X2}, which begins no character or a broken one");
}
