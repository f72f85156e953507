using System.CommandLine;
using MyGpt.Checkpoints;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>inspect FILE</c>: what is in a weights.bin or in a checkpoint.</summary>
internal sealed class InspectVerb : IVerb
{
    private readonly Argument<string> _file = InputFile.Argument("FILE", "a weights.bin, a checkpoint or its folder");
    private readonly Option<bool> _check = Options.Flag("--check", "verify the checksums of a weights.bin: reads all of it");
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object");

    public void Define(Command command)
    {
        command.Arguments.Add(_file);
        command.Options.Add(_check);
        command.Options.Add(_json);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        string path = arguments.GetValue(_file)!;
        bool isFolder = InputFile.RequireFileOrFolder(path).HasFlag(FileAttributes.Directory);
        bool check = arguments.GetValue(_check), json = arguments.GetValue(_json);
        if (!isFolder && WeightsFile.IsWeightsFile(path))
            InspectWeights(path, check, json, console);
        else if (isFolder || CheckpointSniffer.IsCheckpoint(path))
            InspectCheckpoint(path, check, json, console);
        else
            throw new CommandException(ExitCode.BadFile, $"'{path}' is neither a weights.bin nor a checkpoint");
        return ExitCode.Done;
    }

    private static void InspectWeights(string path, bool check, bool json, CommandConsole console)
    {
        using ModelFile model = ModelOpener.Open(path, ModelFile.Open);
        if (check)
            model.File.VerifyChecksums();
        var report = new WeightsReport(model, check);
        if (json)
        {
            JsonOutput.Write(console.Output, report.Write);
            return;
        }
        using StreamWriter output = console.OutputText();
        report.Print(output);
    }

    private static void InspectCheckpoint(string path, bool check, bool json, CommandConsole console)
    {
        if (check)
            throw CommandException.Usage($"--check is for a weights.bin; '{path}' is a checkpoint, and converting it checks it");
        CheckpointDescription checkpoint = Converter.Describe(path);
        ReportText.Warn(checkpoint.Lines, console);
        var report = new CheckpointReport(path, checkpoint);
        if (json)
        {
            JsonOutput.Write(console.Output, report.Write);
            return;
        }
        using StreamWriter output = console.OutputText();
        report.Print(output);
    }
}
