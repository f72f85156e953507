using MyGpt.Checkpoints;
using MyGpt.CommandLine.Verify;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine;

/// <summary>Turns whatever went wrong into an exit code and one line.</summary>
internal static class Failure
{
    private const string HowToGoOn = "--unknown skip leaves such text out, --unknown replace puts a token in its place";
    private const string ReportIt = "run again with --verbose and report what it prints";

    /// <summary>Says what happened and whose turn it is.</summary>
    public static (ExitCode Code, string Message) Describe(Exception failure) => failure switch
    {
        CommandException known => (known.Code, known.Message),
        OptionException option => (ExitCode.Usage, option.Message),
        UnknownTextException text => (ExitCode.Usage, $"{text.Message}; {HowToGoOn}"),
        WeightsFormatException => (ExitCode.BadFile, $"{failure.Message.TrimEnd('.')}; copy or convert it again"),
        CheckpointException or TokenizerDataException => (ExitCode.BadFile, failure.Message),
        ReferenceException or NoTokenException => (ExitCode.BadFile, failure.Message),
        FileNotFoundException { FileName: { } path } => (ExitCode.CannotAccess, $"'{path}' does not exist; check the path"),
        DirectoryNotFoundException => (ExitCode.CannotAccess, $"{failure.Message.TrimEnd('.')}; check the path"),
        UnauthorizedAccessException => (ExitCode.CannotAccess, $"{failure.Message.TrimEnd('.')}; change its permissions, or choose another place"),
        IOException => (ExitCode.CannotAccess, failure.Message.TrimEnd('.')),
        OperationCanceledException => (ExitCode.Interrupted, "interrupted"),
        OutOfMemoryException => (ExitCode.Internal, "not enough memory; close other programs or use a smaller model"),
        _ => (ExitCode.Internal, $"internal error: {failure.GetType().Name}: {failure.Message}; {ReportIt}"),
    };
}
