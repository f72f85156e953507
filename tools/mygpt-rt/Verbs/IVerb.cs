using System.CommandLine;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Verbs;

/// <summary>One verb: its options, and what it does with them.</summary>
internal interface IVerb
{
    /// <summary>Adds arguments and options to the verb's command.</summary>
    void Define(Command command);

    /// <summary>Does it.</summary>
    /// <param name="arguments">The parsed command line.</param>
    /// <param name="console">Where results and messages go.</param>
    /// <returns>What the process returns.</returns>
    ExitCode Run(ParseResult arguments, CommandConsole console);
}
