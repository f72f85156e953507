using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>
/// Reads matrices and vectors from a checkpoint as float32, row after row, in tiles of bounded size, whatever the strides. Its
/// buffers grow to what the largest tensor needs and no further than a tile, so that a large model takes no more memory than a tile of it.
/// </summary>
internal sealed class RowReader
{
    /// <summary>Most elements that one tile has.</summary>
    public const int TileElements = 1 << 20;

    // 256 kB as float32: what is read stays in the core's cache until it has been checked, summed and written.
    private const int RunElements = 1 << 16;

    // Neighbours further apart than this are read one by one: reading the 4 kB between would cost more than a call.
    private const int LargestGap = 1 << 10;

    // Columns of a transposed view that are read before they are turned into rows: one cache line of each row.
    private const int StripColumns = 16;

    // Keeps the columns of a strip off each other's cache sets when their length is a power of two.
    private const int StripPadding = 16;

    private float[] _tile = [], _otherTile = [], _run = [], _strip = [];
    private byte[] _raw = [];

    /// <summary>Takes a tile: some whole rows, or a part of one.</summary>
    /// <param name="row">The tile's first row.</param>
    /// <param name="column">The tile's first column.</param>
    /// <param name="numbers">Its elements in row-major order; valid until the call returns.</param>
    public delegate void Receive(long row, long column, ReadOnlySpan<float> numbers);

    /// <summary>How many elements of the file are read for all of a tensor's: more than it has when its neighbours lie apart.</summary>
    /// <param name="tensor">A tensor of any dimensions that does not overlap itself.</param>
    public static decimal ElementsRead(StoredTensor tensor)
    {
        decimal count = 1;
        long gap = LargestGap;
        for (int i = 0; i < tensor.Shape.Count; i++)
        {
            count *= tensor.Shape[i];
            if (tensor.Shape[i] > 1)
                gap = Math.Min(gap, tensor.Strides[i]);
        }
        return count > 1 ? count * Math.Max(1, gap) : count;
    }

    /// <summary>Reads all elements in row-major order.</summary>
    /// <param name="tensor">A tensor of one or two dimensions.</param>
    /// <param name="receive">Called for one tile after the other.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void Read(StoredTensor tensor, Receive receive)
    {
        foreach ((long row, long column, int height, int width) in Tiles(tensor, IsTransposed(tensor)))
        {
            Span<float> tile = Room(ref _tile, height * width);
            ReadTile(tensor, row, column, height, width, tile);
            receive(row, column, tile);
        }
    }

    /// <summary>Whether two tensors of the same shape hold the same numbers, bit for bit.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool AreEqual(StoredTensor one, StoredTensor other)
    {
        foreach ((long row, long column, int height, int width) in Tiles(one, IsTransposed(one) || IsTransposed(other)))
        {
            Span<float> tile = Room(ref _tile, height * width), second = Room(ref _otherTile, height * width);
            ReadTile(one, row, column, height, width, tile);
            ReadTile(other, row, column, height, width, second);
            if (!MemoryMarshal.AsBytes(tile).SequenceEqual(MemoryMarshal.AsBytes(second)))
                return false;
        }
        return true;
    }

    /// <summary>A view in which the elements of a column lie closer together in the file than those of a row.</summary>
    private static bool IsTransposed(StoredTensor tensor) => tensor.Shape.Count == 2 && tensor.Strides[1] > tensor.Strides[0];

    // A transposed view is read column by column: the more rows a tile has, the longer are the runs in the file.
    private static IEnumerable<(long Row, long Column, int Height, int Width)> Tiles(StoredTensor tensor, bool tall)
    {
        int elements = tall ? TileElements : RunElements;
        long rows = tensor.Shape.Count == 1 ? 1 : tensor.Shape[0], columns = tensor.Shape[^1];
        long rowsPerTile = Math.Max(1, elements / Math.Max(1, columns));
        for (long row = 0; row < rows; row += rowsPerTile)
        {
            for (long column = 0; column < columns; column += elements)
                yield return (row, column, (int)Math.Min(rowsPerTile, rows - row), (int)Math.Min(elements, columns - column));
        }
    }

    private void ReadTile(StoredTensor tensor, long row, long column, int height, int width, Span<float> tile)
    {
        long rowStride = tensor.Shape.Count == 1 ? 0 : tensor.Strides[0], columnStride = tensor.Strides[^1];
        long start = tensor.Offset + (row * rowStride) + (column * columnStride);
        if (columnStride == 1 && rowStride == width)
        {
            ReadContiguous(tensor, start, tile);
        }
        else if (columnStride <= rowStride || height == 1)
        {
            for (int y = 0; y < height; y++)
                ReadRun(tensor, start + (y * rowStride), columnStride, tile.Slice(y * width, width));
        }
        else
        {
            ReadTransposed(tensor, start, height, width, tile);
        }
    }

    /// <summary>Reads some columns, each of them together in the file, and turns them into parts of rows.</summary>
    private void ReadTransposed(StoredTensor tensor, long start, int height, int width, Span<float> tile)
    {
        int stride = height + StripPadding;
        Span<float> strip = Room(ref _strip, StripColumns * stride);
        for (int x = 0; x < width; x += StripColumns)
        {
            int columns = Math.Min(StripColumns, width - x);
            for (int i = 0; i < columns; i++)
                ReadRun(tensor, start + ((x + i) * tensor.Strides[1]), tensor.Strides[0], strip.Slice(i * stride, height));
            for (int y = 0; y < height; y++)
            {
                Span<float> line = tile.Slice((y * width) + x, columns);
                for (int i = 0; i < line.Length; i++)
                    line[i] = strip[(i * stride) + y];
            }
        }
    }

    /// <summary>Reads elements that are <paramref name="stride"/> apart in the file.</summary>
    private void ReadRun(StoredTensor tensor, long start, long stride, Span<float> destination)
    {
        if (stride == 1)
        {
            ReadContiguous(tensor, start, destination);
            return;
        }
        long gap = stride > LargestGap ? 1 : Math.Max(1, stride);
        int perRead = stride > LargestGap ? 1 : (int)Math.Min(destination.Length, 1 + ((RunElements - 1) / gap));
        for (int done = 0; done < destination.Length; done += perRead)
        {
            int now = Math.Min(perRead, destination.Length - done);
            int span = stride == 0 ? 1 : (int)(((now - 1) * gap) + 1);
            Span<float> run = Room(ref _run, span);
            ReadContiguous(tensor, start + (done * stride), run);
            for (int i = 0; i < now; i++)
                destination[done + i] = run[stride == 0 ? 0 : i * (int)gap];
        }
    }

    private void ReadContiguous(StoredTensor tensor, long start, Span<float> destination)
    {
        int size = tensor.Type.Size();
        bool reverse = tensor.Storage.BigEndian == BitConverter.IsLittleEndian;
        if (tensor.Type == TensorType.Float32)
        {
            Span<byte> bytes = MemoryMarshal.AsBytes(destination);
            tensor.Storage.Read(start * size, bytes);
            if (reverse)
                Reverse(bytes, size);
            return;
        }
        for (int done = 0; done < destination.Length; done += RunElements)
        {
            Span<float> part = destination.Slice(done, Math.Min(RunElements, destination.Length - done));
            Span<byte> raw = Room(ref _raw, part.Length * size);
            tensor.Storage.Read((start + done) * size, raw);
            if (reverse)
                Reverse(raw, size);
            FloatConversion.Widen(tensor.Type, raw, part);
        }
    }

    private static Span<T> Room<T>(ref T[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new T[length];
        return buffer.AsSpan(0, length);
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
