using System.Runtime.InteropServices;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>A storage in memory that refuses to be read beyond its end.</summary>
internal sealed class MemoryStorage(byte[] bytes, bool bigEndian = false) : TensorStorage
{
    public override string Name => "memory";

    public override long Length => bytes.Length;

    public override bool BigEndian { get; } = bigEndian;

    public static MemoryStorage Of(params float[] numbers) => new(MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray());

    public override void Read(long position, Span<byte> destination) => bytes.AsSpan((int)position, destination.Length).CopyTo(destination);
}
