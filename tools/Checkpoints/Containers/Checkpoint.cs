using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers;

/// <summary>A checkpoint as families see it: data and tensors, without a trace of how they were packed.</summary>
internal sealed class Checkpoint
{
    /// <summary>How it is packed, such as <c>PyTorch zip</c>.</summary>
    public required string Container { get; init; }

    /// <summary>Everything in it. Tensors are read on demand.</summary>
    public required Value Root { get; init; }

    /// <summary>Size in bytes of the file, or of all its files together.</summary>
    public required long FileBytes { get; init; }

    /// <summary>What lies beside it: config, vocabulary.</summary>
    public required CheckpointFolder Folder { get; init; }
}
