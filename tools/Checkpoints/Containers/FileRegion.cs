using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Containers;

/// <summary>A storage that is a run of bytes of the checkpoint's file.</summary>
/// <param name="file">The open file; it must outlive the region.</param>
/// <param name="name">Its name in the container, for messages.</param>
/// <param name="offset">First byte in the file.</param>
/// <param name="length">Size in bytes; the container has checked that the file holds them.</param>
/// <param name="bigEndian">Whether elements are stored most significant byte first.</param>
internal sealed class FileRegion(CheckpointFile file, string name, long offset, long length, bool bigEndian) : TensorStorage
{
    public override string Name { get; } = name;

    public override long Length { get; } = length;

    public override bool BigEndian { get; } = bigEndian;

    public override void Read(long position, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Length - destination.Length);
        file.Read(offset + position, destination);
    }
}
