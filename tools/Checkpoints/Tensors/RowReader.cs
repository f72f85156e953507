using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>
/// Reads matrices and vectors from a checkpoint as float32, row after row, in tiles of bounded size, whatever the strides. Its
/// buffers are made once, so that converting takes the same memory for a small and a large model.
/// </summary>
internal sealed class RowReader
{
    /// <summary>Most elements that one tile has.</summary>
    public const int TileElements = 1 << 19;

    // Neighbours further apart than this are read one by one: reading what lies between would cost more.
    private const int LargestGap = 64;

    private readonly byte[] _raw = new byte[TileElements * sizeof(double)];
    private readonly float[] _tile = new float[TileElements];
    private readonly float[] _run = new float[TileElements];

    /// <summary>Takes a tile: some whole rows, or a part of one.</summary>
    /// <param name="row">The tile's first row.</param>
    /// <param name="column">The tile's first column.</param>
    /// <param name="numbers">Its elements in row-major order; valid until the call returns.</param>
    public delegate void Receive(long row, long column, ReadOnlySpan<float> numbers);

    /// <summary>Reads all elements in row-major order.</summary>
    /// <param name="tensor">A tensor of one or two dimensions with a floating-point type.</param>
    /// <param name="receive">Called for one tile after the other.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Read(StoredTensor tensor, Receive receive)
    {
        foreach ((long row, long column, int height, int width) in Tiles(tensor))
        {
            Span<float> tile = _tile.AsSpan(0, height * width);
            ReadTile(tensor, row, column, height, width, tile);
            receive(row, column, tile);
        }
    }

    /// <summary>Whether two tensors of the same shape hold the same numbers, bit for bit.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool AreEqual(StoredTensor one, StoredTensor other)
    {
        float[] otherTile = new float[TileElements];
        foreach ((long row, long column, int height, int width) in Tiles(one))
        {
            Span<float> tile = _tile.AsSpan(0, height * width), second = otherTile.AsSpan(0, height * width);
            ReadTile(one, row, column, height, width, tile);
            ReadTile(other, row, column, height, width, second);
            if (!MemoryMarshal.AsBytes(tile).SequenceEqual(MemoryMarshal.AsBytes(second)))
                return false;
        }
        return true;
    }

    private static IEnumerable<(long Row, long Column, int Height, int Width)> Tiles(StoredTensor tensor)
    {
        long rows = tensor.Shape.Count == 1 ? 1 : tensor.Shape[0], columns = tensor.Shape[^1];
        long rowsPerTile = Math.Max(1, TileElements / Math.Max(1, columns));
        for (long row = 0; row < rows; row += rowsPerTile)
        {
            for (long column = 0; column < columns; column += TileElements)
                yield return (row, column, (int)Math.Min(rowsPerTile, rows - row), (int)Math.Min(TileElements, columns - column));
        }
    }

    private void ReadTile(StoredTensor tensor, long row, long column, int height, int width, Span<float> tile)
    {
        long rowStride = tensor.Shape.Count == 1 ? 0 : tensor.Strides[0], columnStride = tensor.Strides[^1];
        long start = tensor.Offset + (row * rowStride) + (column * columnStride);
        if (columnStride == 1 && (height == 1 || rowStride == width))
        {
            ReadContiguous(tensor, start, tile);
        }
        else if (columnStride <= rowStride || height == 1)
        {
            for (int y = 0; y < height; y++)
                ReadRun(tensor, start + (y * rowStride), columnStride, width, tile[(y * width)..], step: 1);
        }
        else
        {
            // A transposed view: what lies together in the file is a column.
            for (int x = 0; x < width; x++)
                ReadRun(tensor, start + (x * columnStride), rowStride, height, tile[x..], step: width);
        }
    }

    /// <summary>Elements <paramref name="stride"/> apart in the file go to places <paramref name="step"/> apart.</summary>
    private void ReadRun(StoredTensor tensor, long start, long stride, int count, Span<float> destination, int step)
    {
        long gap = stride > LargestGap ? 1 : Math.Max(1, stride);
        int perRead = stride > LargestGap ? 1 : (int)Math.Min(count, 1 + ((TileElements - 1) / gap));
        for (int done = 0; done < count; done += perRead)
        {
            int now = Math.Min(perRead, count - done);
            int span = stride == 0 ? 1 : (int)(((now - 1) * gap) + 1);
            ReadContiguous(tensor, start + (done * stride), _run.AsSpan(0, span));
            for (int i = 0; i < now; i++)
                destination[(done + i) * step] = _run[stride == 0 ? 0 : i * (int)gap];
        }
    }

    private void ReadContiguous(StoredTensor tensor, long start, Span<float> destination)
    {
        int size = tensor.Type.Size();
        Span<byte> raw = _raw.AsSpan(0, destination.Length * size);
        tensor.Storage.Read(start * size, raw);
        if (tensor.Storage.BigEndian == BitConverter.IsLittleEndian)
            Reverse(raw, size);
        FloatConversion.Widen(tensor.Type, raw, destination);
    }

    private static void Reverse(Span<byte> raw, int size)
    {
        switch (size)
        {
            case 2: Swap16(MemoryMarshal.Cast<byte, ushort>(raw)); break;
            case 4: Swap32(MemoryMarshal.Cast<byte, uint>(raw)); break;
            case 8: Swap64(MemoryMarshal.Cast<byte, ulong>(raw)); break;
        }
    }

    private static void Swap16(Span<ushort> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void Swap32(Span<uint> values) => BinaryPrimitives.ReverseEndianness(values, values);

    private static void Swap64(Span<ulong> values) => BinaryPrimitives.ReverseEndianness(values, values);
}
