using System.Text;
using MyGpt.CommandLine;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>Runs commands in this process.</summary>
internal static class Command
{
    /// <summary>Runs a command with nothing on standard input.</summary>
    public static CommandResult Run(params string[] args) => Run([], args);

    /// <summary>Runs a command.</summary>
    /// <param name="input">Standard input.</param>
    /// <param name="args">Verb and arguments.</param>
    public static CommandResult Run(byte[] input, params string[] args)
    {
        using var output = new MemoryStream();
        return Run(output, input, CancellationToken.None, args) with { OutputBytes = output.ToArray() };
    }

    /// <summary>Runs a command with a standard output of the test's own.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="interrupted">Ctrl-C.</param>
    /// <param name="args">Verb and arguments.</param>
    public static CommandResult Run(Stream output, byte[] input, CancellationToken interrupted, params string[] args)
    {
        using var error = new StringWriter { NewLine = "\n" };
        var console = new CommandConsole
        {
            Input = new MemoryStream(input), InputIsRedirected = input.Length > 0, Output = output, Error = error, WatchInterrupt = () => interrupted,
        };
        int exitCode = (int)Cli.Run(args, console);
        return new CommandResult(exitCode, [], error.ToString());
    }

    /// <summary>Bytes of a text.</summary>
    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
