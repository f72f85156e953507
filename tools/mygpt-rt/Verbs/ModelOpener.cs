using System.Buffers;
using MyGpt.Checkpoints;
using MyGpt.CommandLine.Arguments;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Opens weights files, and knows what people give in their place.</summary>
internal static class ModelOpener
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(" '\"$&()*;<>?`|!");

    /// <summary>Opens a weights file.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <param name="open">Opens it.</param>
    /// <param name="second">The file that is given after it, if there is one: it may be the weights.</param>
    /// <exception cref="CommandException">
    /// It is a checkpoint, or a folder with one; the message says how to convert it or why it cannot be. Or there is no such file.
    /// </exception>
    /// <exception cref="WeightsFormatException">It is damaged, or something else altogether.</exception>
    public static T Open<T>(string path, Func<string, T> open, string? second = null)
    {
        if (InputFile.RequireFileOrFolder(path).HasFlag(FileAttributes.Directory))
            throw IsFolder(path);
        try
        {
            return open(path);
        }
        catch (WeightsFormatException failure) when (BeginsAsWeights(path) == false)
        {
            string problem = second is not null && BeginsAsWeights(second) == true ? $"'{path}' is no weights.bin; '{second}' is one: are the arguments swapped?"
                : IsCheckpoint(path)
                ? Advice(path, "a checkpoint")
                : $"'{path}' is no weights.bin; convert a checkpoint with mygpt-rt convert";
            throw new CommandException(ExitCode.BadFile, problem, failure);
        }
    }

    private static CommandException IsFolder(string path) => IsCheckpoint(path)
        ? new(ExitCode.BadFile, Advice(path, "the folder of a checkpoint"))
        : new(ExitCode.CannotAccess, $"'{path}' is a folder; give a weights.bin, which mygpt-rt convert makes from a checkpoint");

    /// <summary>Checks every byte of a weights file that can be opened against its checksums.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <exception cref="WeightsFormatException">A section is damaged.</exception>
    public static void VerifyChecksums(string path)
    {
        using WeightsFile file = WeightsFile.Open(path);
        file.VerifyChecksums();
    }

    // Null for a file that cannot be read: the error at hand is more useful than one from looking at it a second time.
    private static bool? BeginsAsWeights(string path)
    {
        try
        {
            return WeightsFile.IsWeightsFile(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool IsCheckpoint(string path)
    {
        try
        {
            return CheckpointSniffer.IsCheckpoint(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CheckpointException)
        {
            return false;
        }
    }

    // What converting would say is said now: an option that it needs, or that it cannot be done.
    private static string Advice(string path, string kind)
    {
        string advice = $"'{path}' is {kind}; convert it once: mygpt-rt convert {Quote(path)} weights.bin";
        try
        {
            CheckpointDescription checkpoint = Converter.Describe(path);
            if (checkpoint.Config is not null)
                return advice;
            string obstacle = checkpoint.Lines.Last(line => line.Kind == ReportKind.Warning).Text;
            return checkpoint.MissingOption is { } option
                ? $"{advice} {option} {(option is "--heads" or "--context" ? "N" : "X")}; {obstacle}"
                : Useless(path, obstacle);
        }
        catch (CheckpointException failure)
        {
            return Useless(path, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return advice;
        }
    }

    // Many a JSON file or pickle looks like a checkpoint from outside: whoever gave one wants to hear first what was needed.
    private static string Useless(string path, string obstacle) =>
        $"'{path}' is no weights.bin, and as a checkpoint it cannot be converted: {obstacle}";

    private static string Quote(string path) => path.AsSpan().ContainsAny(NeedsQuotes) ? $"\"{path}\"" : path;
}
