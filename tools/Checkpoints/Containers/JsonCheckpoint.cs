using MyGpt.Checkpoints.Containers.Json;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers;

/// <summary>
/// A model as JSON: an object with a <c>state_dict</c>, whose arrays of numbers become float64 tensors, and whatever stands beside it.
/// It is what docs/microgpt.md shows how to write.
/// </summary>
internal sealed class JsonCheckpoint : IContainerFormat
{
    // The text is held in memory while it is read.
    private const long MaxLength = 1 << 30;

    private const string StateDict = "state_dict";

    public string Name => "JSON";

    public bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head) => file.Name.EndsWith(".json", StringComparison.OrdinalIgnoreCase)
        && head.TrimStart("\uFEFF"u8).TrimStart(" \t\r\n"u8) is [(byte)'{' or (byte)'[', ..];

    public Checkpoint Open(CheckpointFile file)
    {
        if (file.Length > MaxLength)
            throw new CheckpointException($"this JSON has {file.Length} bytes; at most {MaxLength} are read");
        byte[] bytes = new byte[file.Length];
        file.Read(0, bytes);
        Value root = JsonValues.Read(bytes, "JSON", tensors: true);
        if (root is not DictValue dict)
            throw new CheckpointException($"this JSON is {root.Kind}; an object with a model in '{StateDict}' was needed, as docs/microgpt.md shows");
        if (dict.Get<DictValue>(StateDict) is null)
        {
            throw new CheckpointException($"this JSON has no '{StateDict}' with a model in it, as docs/microgpt.md shows; "
                + "a config.json belongs to a checkpoint beside it: give that file or the folder");
        }
        return new Checkpoint { Container = Name, Root = root, FileBytes = file.Length, Folder = new CheckpointFolder(file) };
    }
}
