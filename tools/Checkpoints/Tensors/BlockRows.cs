using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>A matrix of quantised rows, presented as the float32 numbers that it stands for. It widens what is read.</summary>
/// <param name="rows">The matrix as it lies in weights.bin.</param>
/// <param name="columns">Weights of a row, 1 or more.</param>
internal sealed class BlockRows<TFormat>(TensorStorage rows, long columns) : TensorStorage
    where TFormat : struct, IBlockFormat
{
    private readonly long _blocks = (columns + BlockScale.BlockLength - 1) / BlockScale.BlockLength;
    private readonly float[] _held = new float[BlockScale.BlockLength];
    private long _heldRow = -1, _heldBlock;

    public override string Name => rows.Name;

    public override long Length => checked(rows.Length / RowBytes * columns * sizeof(float));

    public override bool BigEndian => !BitConverter.IsLittleEndian;   // numbers are made on this machine

    private long RowBytes => _blocks * (TFormat.QuantBytes + sizeof(ushort));

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
            (long row, long column) = Math.DivRem(first, columns);
            (long block, long at) = Math.DivRem(column, BlockScale.BlockLength);
            Hold(row, block);
            int count = (int)Math.Min(numbers.Length, Math.Min(BlockScale.BlockLength - at, columns - column));
            _held.AsSpan((int)at, count).CopyTo(numbers);
            numbers = numbers[count..];
            first += count;
        }
    }

    private void Hold(long row, long block)
    {
        if ((row, block) == (_heldRow, _heldBlock))
            return;
        _heldRow = -1;   // should the read fail
        Span<byte> quants = stackalloc byte[TFormat.QuantBytes];
        Span<ushort> scale = stackalloc ushort[1];
        long start = row * RowBytes;
        rows.Read(start + (block * quants.Length), quants);
        rows.Read(start + (_blocks * quants.Length) + (block * sizeof(ushort)), MemoryMarshal.AsBytes(scale));
        TFormat.Widen(quants, scale[0], _held);
        (_heldRow, _heldBlock) = (row, block);
    }
}
