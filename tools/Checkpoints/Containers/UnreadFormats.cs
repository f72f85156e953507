using System.Buffers.Binary;

namespace MyGpt.Checkpoints.Containers;

/// <summary>Formats that are known by name and refused with advice, so that nobody is left with "unknown file".</summary>
internal static class UnreadFormats
{
    // llm.c, train_gpt2.py (write_state) and llmc/dataloader.h: what it writes beside its models.
    private const int LlmcStateMagic = 20240327, LlmcTokensMagic = 20240520;

    /// <summary>What stands in the place of any file, whatever its name.</summary>
    public static IContainerFormat Placeholder { get; } = new Unread("Git LFS", (_, head) => head.StartsWith("version https://git-lfs.github.com/"u8),
        "this is a Git LFS pointer, a few lines in the place of the file; fetch the file with 'git lfs pull' in its repository");

    public static IContainerFormat[] All { get; } =
    [
        new Unread("tar", LooksLikeTar,
            "this is a tar archive; torch.save wrote such files before PyTorch 0.2: load it with torch.load and save it again with "
            + "torch.save(obj, path); any other archive is unpacked first"),
        new Unread("llm.c state", (_, head) => StartsWith(head, LlmcStateMagic),
            "this is llm.c's debug state, logits to compare with, and no model; convert the .bin without 'debug_state' in its name"),
        new Unread("llm.c tokens", (_, head) => StartsWith(head, LlmcTokensMagic),
            "these are tokens that llm.c trains on, and no model"),
        new Unread("pickle", (_, head) => head.Length >= 2 && head[0] == 0x80 && head[1] <= 5,
            "this is a plain pickle, not a checkpoint of torch.save; a nanoGPT meta.pkl is given with --vocab"),
        new Unread("Python source", (file, _) => HasExtension(file, ".py"),
            "this is Python source, not a checkpoint; run it and save the model at its end: with torch.save(model.state_dict(), path) where "
            + "it uses PyTorch, with the lines in docs/microgpt.md where it is microgpt.py, and convert that file"),
    ];

    private static bool StartsWith(ReadOnlySpan<byte> head, int magic) =>
        head.Length >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(head) == magic;

    // POSIX.1-1988 (ustar) and later; the 64 bytes of the head end before the mark.
    private static bool LooksLikeTar(CheckpointFile file, ReadOnlySpan<byte> head)
    {
        const int Block = 512, MarkOffset = 257;
        if (file.Length < Block)
            return false;
        Span<byte> mark = stackalloc byte[5];
        file.Read(MarkOffset, mark);
        return mark.SequenceEqual("ustar"u8);
    }

    private static bool HasExtension(CheckpointFile file, string extension) =>
        file.Name.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    private delegate bool Test(CheckpointFile file, ReadOnlySpan<byte> head);

    private sealed class Unread(string name, Test test, string advice) : IContainerFormat
    {
        public string Name { get; } = name;

        public bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head) => test(file, head);

        public Checkpoint Open(CheckpointFile file) => throw new CheckpointException(advice);
    }
}
