using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>A matrix of quantised rows, presented as the float32 numbers that it stands for. It widens what is read.</summary>
/// <param name="rows">The matrix as it lies in weights.bin.</param>
/// <param name="columns">Weights of a row, 1 or more.</param>
internal sealed class BlockRows<TFormat>(TensorStorage rows, long columns) : TensorStorage
    where TFormat : struct, IBlockQuantizer
{
    // Blocks that are read at once, a whole row of most models: a read is a call of the system.
    private const int MostBlocks = 256;

    private readonly long _blocks = ElementTypes.Blocks(columns);
    private readonly byte[] _quants = new byte[PieceOf(columns) * TFormat.QuantBytes];
    private readonly ushort[] _scales = new ushort[PieceOf(columns)];
    private readonly float[] _held = new float[PieceOf(columns) * BlockLayout.Length];
    private long _heldRow = -1, _heldPiece;

    public override string Name => rows.Name;

    public override long Length => checked(rows.Length / RowBytes * columns * sizeof(float));

    public override bool BigEndian => !BitConverter.IsLittleEndian;   // numbers are made on this machine

    private long RowBytes => _blocks * (TFormat.QuantBytes + sizeof(ushort));

    private static long PieceOf(long columns) => Math.Min(MostBlocks, ElementTypes.Blocks(columns));

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
            (long piece, long at) = Math.DivRem(column, _held.Length);
            Hold(row, piece);
            int count = (int)Math.Min(numbers.Length, Math.Min(_held.Length - at, columns - column));
            _held.AsSpan((int)at, count).CopyTo(numbers);
            numbers = numbers[count..];
            first += count;
        }
    }

    private void Hold(long row, long piece)
    {
        if ((row, piece) == (_heldRow, _heldPiece))
            return;
        _heldRow = -1;   // should a read fail
        long start = row * RowBytes, block = piece * _scales.Length;
        int count = (int)Math.Min(_scales.Length, _blocks - block);
        rows.Read(start + (block * TFormat.QuantBytes), _quants.AsSpan(0, count * TFormat.QuantBytes));
        rows.Read(start + (_blocks * TFormat.QuantBytes) + (block * sizeof(ushort)), MemoryMarshal.AsBytes(_scales.AsSpan(0, count)));
        for (int i = 0; i < count; i++)
            TFormat.Widen(_quants.AsSpan(i * TFormat.QuantBytes, TFormat.QuantBytes), _scales[i], _held.AsSpan(i * BlockLayout.Length, BlockLayout.Length));
        (_heldRow, _heldPiece) = (row, piece);
    }
}
