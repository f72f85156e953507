using System.CommandLine;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Arguments;

/// <summary>A text from the command line, from standard input or from a file.</summary>
internal sealed class TextInput
{
    private readonly Argument<string?> _text;
    private readonly Option<string?> _file = InputFile.Option("--file", "read the text from a file, in UTF-8 (other bytes become U+FFFD, a byte order mark is no part of it)");

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
    /// <exception cref="OperationCanceledException">Ctrl-C came while it was read.</exception>
    public string? Read(ParseResult arguments, CommandConsole console)
    {
        string? text = arguments.GetValue(_text), path = arguments.GetValue(_file);
        if (text is not null && path is not null)
            throw CommandException.Usage($"a text and --file '{path}' are given; give one of them");
        if (path is not null)
            return TextFile.Read(path, replaceInvalid: true, console);
        return text == TextFile.StandardInput ? TextFile.ReadStandardInput(replaceInvalid: true, console) : text;
    }
}
