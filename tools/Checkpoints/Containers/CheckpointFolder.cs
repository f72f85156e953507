using MyGpt.Checkpoints.Containers.Json;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers;

/// <summary>What lies beside a checkpoint's file and belongs to it: its config, its vocabulary. Names are without folders.</summary>
/// <param name="file">The checkpoint's file; it must outlive the folder.</param>
internal sealed class CheckpointFolder(CheckpointFile file)
{
    // A config has 1 kB, a tokenizer.json of the largest vocabularies some 20 MB.
    private const long MaxJsonLength = 32 << 20;

    /// <summary>Path of a file in the folder, or null when there is none.</summary>
    public string? Find(string name) => file.FindBeside(name);

    /// <summary>Reads a JSON file of the folder.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>What it holds; null when there is none.</returns>
    /// <exception cref="CheckpointException">It is damaged or too large.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public Value? ReadJson(string name)
    {
        if (file.OpenBeside(name) is not { } beside)
            return null;
        if (beside.Length > MaxJsonLength)
            throw new CheckpointException($"{Printable.Escape(name)} has {beside.Length} bytes; at most {MaxJsonLength} are read");
        byte[] bytes = new byte[beside.Length];
        beside.Read(0, bytes);
        return JsonValues.Read(bytes, Printable.Escape(name));
    }
}
