using MyGpt.Checkpoints.Containers;

namespace MyGpt.Checkpoints;

/// <summary>Tells checkpoints from other files by their first bytes.</summary>
public static class CheckpointSniffer
{
    /// <summary>Whether a file is a checkpoint that <see cref="Converter"/> reads or knows by name.</summary>
    /// <param name="path">Any file.</param>
    /// <returns>True for the kinds of checkpoint we know; false for everything else, an empty file included.</returns>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read, or is a directory.</exception>
    public static bool IsCheckpoint(string path)
    {
        using CheckpointFile file = CheckpointFile.Open(path);
        return ContainerFormats.Recognise(file) is not null;
    }
}
