using System.Buffers;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Opens weights files, and knows what people give in their place.</summary>
internal static class ModelOpener
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(" '\"$&()*;<>?`|!");

    /// <summary>Opens a weights file.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <param name="open">Opens it.</param>
    /// <exception cref="CommandException">It is a checkpoint; the message says how to convert it.</exception>
    /// <exception cref="WeightsFormatException">It is damaged, or something else altogether.</exception>
    public static T Open<T>(string path, Func<string, T> open)
    {
        try
        {
            return open(path);
        }
        catch (WeightsFormatException failure) when (IsCheckpoint(path))
        {
            string advice = $"convert it once: mygpt-rt convert {Quote(path)} weights.bin";
            throw new CommandException(ExitCode.BadFile, $"'{path}' is a checkpoint; {advice}", failure);
        }
    }

    // The error at hand is more useful than one from looking at the file a second time.
    private static bool IsCheckpoint(string path)
    {
        try
        {
            return !WeightsFile.IsWeightsFile(path) && CheckpointSniffer.IsCheckpoint(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CheckpointException)
        {
            return false;
        }
    }

    private static string Quote(string path) => path.AsSpan().ContainsAny(NeedsQuotes) ? $"\"{path}\"" : path;
}
