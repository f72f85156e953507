using System.Runtime.InteropServices;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>Numbers in memory, for containers that spell them as text.</summary>
/// <param name="name">Their name in the container, for messages.</param>
/// <param name="numbers">The numbers.</param>
internal sealed class NumberStorage(string name, double[] numbers) : TensorStorage
{
    public override string Name { get; } = name;

    public override long Length => numbers.LongLength * sizeof(double);

    public override bool BigEndian => !BitConverter.IsLittleEndian;   // the numbers were made on this machine

    public override void Read(long position, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Length - destination.Length);
        (long first, long rest) = Math.DivRem(position, sizeof(double));
        MemoryMarshal.AsBytes(numbers.AsSpan((int)first)).Slice((int)rest, destination.Length).CopyTo(destination);
    }
}
