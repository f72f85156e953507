using System.Runtime.InteropServices;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Containers.Gguf;

/// <summary>Blocks of quantised numbers, presented as the float32 numbers that they stand for. It unpacks what is read.</summary>
/// <param name="blocks">The packed bytes: whole blocks.</param>
/// <param name="format">How they are packed.</param>
/// <param name="unpacked">Where stretches of them are unpacked; it may be shared.</param>
internal sealed class BlockStorage(TensorStorage blocks, BlockFormat format, BlockStretch unpacked) : TensorStorage
{
    public override string Name => blocks.Name;

    public override long Length { get; } = checked(blocks.Length / format.Bytes * BlockFormat.Size * sizeof(float));

    public override bool BigEndian => !BitConverter.IsLittleEndian;   // numbers are made on this machine

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">What is asked for is no run of whole numbers.</exception>
    public override void Read(long position, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Length - destination.Length);
        Span<float> numbers = MemoryMarshal.Cast<byte, float>(destination);
        if (position % sizeof(float) != 0 || numbers.Length * sizeof(float) != destination.Length)
            throw new ArgumentException($"{destination.Length} bytes from byte {position} on are no whole float32 numbers.", nameof(position));

        long first = position / sizeof(float);
        while (!numbers.IsEmpty)
        {
            (long stretch, long at) = Math.DivRem(first, BlockStretch.Numbers);
            ReadOnlySpan<float> held = unpacked.Hold(blocks, format, stretch)[(int)at..];
            held = held[..Math.Min(numbers.Length, held.Length)];
            held.CopyTo(numbers);
            numbers = numbers[held.Length..];
            first += held.Length;
        }
    }
}
