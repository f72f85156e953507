using System.Runtime.InteropServices;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Containers.Gguf;

/// <summary>Blocks of quantised numbers, presented as the float32 numbers that they stand for. It unpacks what is read, and holds one stretch.</summary>
/// <param name="blocks">The packed bytes: whole blocks.</param>
/// <param name="format">How they are packed.</param>
internal sealed class BlockStorage(TensorStorage blocks, BlockFormat format) : TensorStorage
{
    // 16 kB of numbers: enough that a read of the file is worth its call, little enough for elements that are far apart.
    private const int StretchBlocks = 128, StretchNumbers = StretchBlocks * BlockFormat.Size;

    private readonly byte[] _packed = new byte[StretchBlocks * format.Bytes];
    private readonly float[] _numbers = new float[StretchNumbers];
    private long _held = -1;

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
            (long stretch, long at) = Math.DivRem(first, StretchNumbers);
            Hold(stretch);
            ReadOnlySpan<float> held = _numbers.AsSpan((int)at, (int)Math.Min(numbers.Length, StretchNumbers - at));
            held.CopyTo(numbers);
            numbers = numbers[held.Length..];
            first += held.Length;
        }
    }

    private void Hold(long stretch)
    {
        if (stretch == _held)
            return;
        _held = -1;   // should the read fail
        long start = stretch * _packed.Length;
        Span<byte> packed = _packed.AsSpan(0, (int)Math.Min(_packed.Length, blocks.Length - start));
        blocks.Read(start, packed);
        for (int block = 0; block < packed.Length / format.Bytes; block++)
            format.Unpack(packed.Slice(block * format.Bytes, format.Bytes), _numbers.AsSpan(block * BlockFormat.Size, BlockFormat.Size));
        _held = stretch;
    }
}
