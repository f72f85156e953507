using System.CommandLine;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Score;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verbs;

/// <summary>The options of <c>convert</c> that make it judge its result: <c>--max-perplexity-increase</c> and <c>--text</c>.</summary>
internal sealed class GateOptions
{
    private const string Limit = "--max-perplexity-increase", Text = "--text";

    private readonly Option<double?> _limit = Options.OptionalPercent(
        Limit, "with --text: write nothing, and exit with 5, if the perplexity is larger by more than this than with the checkpoint's own values");

    private readonly Option<string?> _text = InputFile.Option(Text, $"the text in UTF-8, or - for standard input, on which {Limit} judges; it needs at least two tokens more than the context has");

    /// <summary>Adds them to a verb.</summary>
    public void Define(Command command)
    {
        command.Options.Add(_limit);
        command.Options.Add(_text);
    }

    /// <summary>Reads them, and the text; null when neither is given.</summary>
    /// <exception cref="CommandException">One is given without the other, or the text cannot be used.</exception>
    /// <exception cref="IOException">The text cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C came while it was read.</exception>
    public PerplexityGate? Read(ParseResult arguments, string weights, CommandConsole console)
    {
        (double? limit, string? path) = (arguments.GetValue(_limit), arguments.GetValue(_text));
        if (limit is null && path is null)
            return null;
        if (path is null)
            throw CommandException.Usage($"{Limit} needs a text to measure perplexity on; give {Text} FILE");
        if (limit is null)
            throw CommandException.Usage($"{Text} is what {Limit} judges on; give both, or none");
        if (path != TextFile.StandardInput && RegularFile.AreSame(path, weights))
            throw CommandException.Usage($"'{path}' is the text to judge on; give another name for the weights");
        return new PerplexityGate(limit.Value, path, TextFile.ReadAny(path, console), console);
    }
}
