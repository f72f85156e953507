using System.CommandLine;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;

namespace MyGpt.CommandLine;

/// <summary>The command line: arguments in, exit code out.</summary>
internal static class Cli
{
    // No response files: a prompt may begin with '@'.
    private static readonly ParserConfiguration Parser = new() { ResponseFileTokenReplacer = null };

    /// <summary>Runs one command.</summary>
    /// <param name="args">The arguments as typed, without the program's name.</param>
    /// <param name="console">Where results and messages go.</param>
    /// <returns>What the process returns.</returns>
    public static ExitCode Run(string[] args, CommandConsole console)
    {
        try
        {
            ParseResult parsed = VerbTable.Build(args, console).Parse(args, Parser);
            bool answersAnyway = parsed.Action is { ClearsParseErrors: true };   // --help, --version
            if (!answersAnyway && UsageError.Describe(parsed, args) is { } problem)
                throw CommandException.Usage(problem);

            using StreamWriter output = console.OutputText();
            return (ExitCode)parsed.Invoke(new InvocationConfiguration
            {
                Output = output,
                Error = console.Error,
                EnableDefaultExceptionHandler = false,
            });
        }
        catch (BrokenPipeException)
        {
            return ExitCode.Done;   // nobody reads any more: not an error, and nobody to tell
        }
#pragma warning disable CA1031 // the outermost frame: whatever happened becomes one line and an exit code
        catch (Exception failure)
#pragma warning restore CA1031
        {
            (ExitCode code, string message) = Failure.Describe(failure);
            console.Messages.Error(message);
            if (args.Contains("--verbose"))
                console.Error.WriteLine(failure);
            return code;
        }
    }
}
