namespace MyGpt.CommandLine;

/// <summary>A verb ends with an error that the user can act on: an exit code and one line.</summary>
internal sealed class CommandException(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What the process returns.</summary>
    public ExitCode Code { get; } = code;

    /// <summary>A bad value or combination of options.</summary>
    public static CommandException Usage(string message) => new(ExitCode.Usage, message);
}
