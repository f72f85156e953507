namespace MyGpt.Checkpoints.Containers;

/// <summary>One way of packing a checkpoint into a file. It knows bytes and no families.</summary>
internal interface IContainerFormat
{
    /// <summary>What people call it, such as <c>PyTorch zip</c>.</summary>
    string Name { get; }

    /// <summary>Whether a file looks like one.</summary>
    /// <param name="file">The file, for its name and size.</param>
    /// <param name="head">Its first bytes, up to <see cref="ContainerFormats.HeadLength"/> of them.</param>
    bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head);

    /// <summary>Reads everything but the tensors' elements.</summary>
    /// <param name="file">The open file; it must outlive the checkpoint.</param>
    /// <exception cref="CheckpointException">The file is damaged, hostile or of a variant that is not read.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    Checkpoint Open(CheckpointFile file);
}
