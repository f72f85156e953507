namespace MyGpt.Checkpoints.Tensors;

/// <summary>A run of bytes of another storage.</summary>
/// <param name="whole">The other storage.</param>
/// <param name="start">First byte in it.</param>
/// <param name="length">Size in bytes; the caller has checked that the storage holds them.</param>
internal sealed class StoragePart(TensorStorage whole, long start, long length) : TensorStorage
{
    public override string Name => whole.Name;

    public override long Length { get; } = length;

    public override bool BigEndian => whole.BigEndian;

    public override void Read(long position, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Length - destination.Length);
        whole.Read(start + position, destination);
    }
}
