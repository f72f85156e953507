using System.Buffers.Binary;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers.Gguf;

/// <summary>
/// The GGUF files of llama.cpp, versions 2 and 3, little-endian. The root is
/// <c>{ "metadata": { key: value }, "tensors": { name: tensor } }</c>.
/// </summary>
/// <remarks>github.com/ggml-org/ggml, docs/gguf.md.</remarks>
internal sealed class GgufFile : IContainerFormat
{
    private const uint FirstVersion = 2, LastVersion = 3;

    private const string AlignmentKey = "general.alignment";

    private const int DefaultAlignment = 32, MaxAlignment = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "GGUF"u8;

    public string Name => "GGUF";

    public bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head) => head.StartsWith(Magic);

    public Checkpoint Open(CheckpointFile file)
    {
        var reader = new GgufReader(file);
        reader.ReadUInt32();   // the magic number
        uint version = reader.ReadUInt32();
        if (BinaryPrimitives.ReverseEndianness(version) is >= 1 and <= LastVersion)
            throw reader.Error("the file is big-endian, which is not read; convert the model again for a little-endian machine");
        if (version is < FirstVersion or > LastVersion)
            throw reader.Error($"version {version} found, {FirstVersion} or {LastVersion} needed");
        int tensorCount = GgufTensors.ReadCount(reader), pairCount = GgufMetadata.ReadCount(reader);

        DictValue metadata = GgufMetadata.Read(reader, pairCount);
        DictValue tensors = GgufTensors.Read(reader, tensorCount, Alignment(metadata), file);
        var root = new DictValue();
        root.TryAdd(new TextValue("metadata"), metadata);
        root.TryAdd(new TextValue("tensors"), tensors);
        return new Checkpoint { Container = Name, Root = root, FileBytes = file.Length, Folder = new CheckpointFolder(file) };
    }

    // ggml wants a power of two.
    private static long Alignment(DictValue metadata)
    {
        if (!metadata.TryGet(AlignmentKey, out Value? value))
            return DefaultAlignment;
        return value is IntegerValue { Value: >= 1 and <= MaxAlignment } alignment && long.IsPow2(alignment.Value)
            ? alignment.Value
            : throw new CheckpointException($"GGUF, metadata '{AlignmentKey}': {(value is IntegerValue other ? $"{other.Value}" : value.Kind)} found, "
                + $"a power of two from 1 to {MaxAlignment} needed");
    }
}
