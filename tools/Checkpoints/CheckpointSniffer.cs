using MyGpt.Checkpoints.Containers;

namespace MyGpt.Checkpoints;

/// <summary>Tells checkpoints from other files by their first bytes and their names.</summary>
public static class CheckpointSniffer
{
    /// <summary>Whether a file is a checkpoint that <see cref="Converter"/> reads or knows by name.</summary>
    /// <param name="path">Any file, or a folder whose one checkpoint is looked for as <see cref="Converter"/> does.</param>
    /// <returns>True for the kinds of checkpoint we know; false for everything else, an empty file included.</returns>
    /// <exception cref="CheckpointException">It is a folder without a checkpoint, or with several.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    public static bool IsCheckpoint(string path)
    {
        using CheckpointFile file = CheckpointFile.Open(CheckpointPath.Resolve(path).File);
        return ContainerFormats.Recognise(file) is not null;
    }
}
