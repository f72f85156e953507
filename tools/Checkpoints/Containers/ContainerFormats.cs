using MyGpt.Checkpoints.Containers.Gguf;

namespace MyGpt.Checkpoints.Containers;

/// <summary>Every container format, in the order in which they are tried. A new one is one line here.</summary>
internal static class ContainerFormats
{
    /// <summary>How many of a file's first bytes decide what it is.</summary>
    public const int HeadLength = 64;

    private static readonly IContainerFormat[] All =
    [
        UnreadFormats.Placeholder,
        new PyTorchZip(),
        new PyTorchLegacy(),
        new ShardedCheckpoint(),
        new Safetensors(),
        new LlmcModel(),
        new GgufFile(),
        new JsonCheckpoint(),
        .. UnreadFormats.All,
    ];

    /// <summary>The format of a file, or null for a file that is no checkpoint we know.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IContainerFormat? Recognise(CheckpointFile file)
    {
        Span<byte> head = stackalloc byte[(int)Math.Min(HeadLength, file.Length)];
        file.Read(0, head);
        foreach (IContainerFormat format in All)
        {
            if (format.Recognises(file, head))
                return format;
        }
        return null;
    }

    /// <summary>Opens a checkpoint of any format.</summary>
    /// <exception cref="CheckpointException">The file is damaged, hostile or unknown.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Checkpoint Open(CheckpointFile file)
    {
        if (file.Length == 0)
            throw new CheckpointException("the file is empty; a checkpoint was needed");
        IContainerFormat format = Recognise(file)
            ?? throw new CheckpointException("this is no checkpoint: neither a zip archive nor anything else that training code saves; "
                + "convert reads what torch.save(obj, path) wrote (.pt, .pth, .ckpt, .bin), safetensors, and more: docs/checkpoints.md");
        return format.Open(file);
    }
}
