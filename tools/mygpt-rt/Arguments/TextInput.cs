using System.CommandLine;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Arguments;

/// <summary>A text from the command line, from standard input or from a file.</summary>
/// <remarks>Files are raw UTF-8: nothing is trimmed, and invalid bytes become U+FFFD.</remarks>
internal sealed class TextInput
{
    // Far more than any context holds, and little enough that a wrong file does not fill the memory.
    private const int MaxBytes = 16 << 20;

    private readonly Argument<string?> _text;
    private readonly Option<string?> _file = InputFile.Option("--file", "read the text from a file");

    /// <summary>Makes the argument and the option.</summary>
    /// <param name="name">What the help calls the argument.</param>
    public TextInput(string name) => _text = new Argument<string?>(name)
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "the text, or - to read it from standard input",
    };

    /// <summary>Adds both to a verb.</summary>
    public void Define(Command command)
    {
        command.Arguments.Add(_text);
        command.Options.Add(_file);
    }

    /// <summary>Whether a text is given in any of the ways.</summary>
    public bool IsGiven(ParseResult arguments) => arguments.GetValue(_text) is not null || arguments.GetValue(_file) is not null;

    /// <summary>Reads the text; null when none is given.</summary>
    /// <exception cref="CommandException">It is given twice, is too long, or its file does not exist.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string? Read(ParseResult arguments, CommandConsole console)
    {
        string? text = arguments.GetValue(_text), path = arguments.GetValue(_file);
        if (text is not null && path is not null)
            throw CommandException.Usage($"a text and --file '{path}' are given; give one of them");
        if (path is not null)
        {
            InputFile.Require(path);
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return Decode(file, $"'{path}'");
        }
        return text == "-" ? Decode(console.Input, "standard input") : text;
    }

    private static string Decode(Stream stream, string name)
    {
        using var bytes = new MemoryStream();
        byte[] block = new byte[64 << 10];
        for (int read; (read = stream.Read(block)) > 0;)
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > MaxBytes)
                throw CommandException.Usage($"{name} is longer than {MaxBytes >> 20} MiB; a text may not be: give a part of it");
        }
        return Utf8.WithoutMark.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
