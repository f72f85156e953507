using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>Writes rows of weights as blocks: all quants of a row, then its scales. Its memory is bounded by <see cref="MostBlocks"/> and one row's scales.</summary>
internal sealed class BlockWriter
{
    /// <summary>Blocks that are quantised together: 256 kB of float32, enough to keep every core busy and little enough for its cache.</summary>
    private const int MostBlocks = 2048;

    // A block takes a microsecond: a part of this many is worth being handed to another core.
    private const int BlocksPerPart = 128;

    private readonly float[] _weights = new float[MostBlocks * BlockLayout.Length];
    private readonly byte[] _quants = new byte[MostBlocks * BlockLayout.Length];
    private readonly ushort[] _scales = new ushort[MostBlocks];
    private readonly List<ushort> _rowScales = [];

    /// <summary>Quantises and writes a tile.</summary>
    /// <param name="numbers">Its elements in row-major order: whole rows, or a part of one that begins with a block and ends with a block or the row.</param>
    /// <param name="width">Columns of the tile.</param>
    /// <param name="endsRow">Whether the tile reaches the end of its rows.</param>
    /// <param name="output">Where to.</param>
    /// <param name="written">Told how many bytes each piece has, once it is written.</param>
    public void Write<TFormat>(ReadOnlySpan<float> numbers, int width, bool endsRow, Stream output, Action<int> written)
        where TFormat : struct, IBlockQuantizer
    {
        int perRow = Blocks(width);
        int rowsAtOnce = Math.Max(1, MostBlocks / Math.Max(1, perRow)), columnsAtOnce = Math.Min(width, MostBlocks * BlockLayout.Length);
        for (int done = 0; done < numbers.Length; done += rowsAtOnce * width)
        {
            ReadOnlySpan<float> rows = numbers.Slice(done, Math.Min(rowsAtOnce * width, numbers.Length - done));
            for (int column = 0; column < width; column += columnsAtOnce)
            {
                int columns = Math.Min(columnsAtOnce, width - column);
                Load(rows, width, column, columns);
                WriteLoaded<TFormat>(rows.Length / width, Blocks(columns), endsRow && column + columns == width, output, written);
            }
        }
    }

    private static int Blocks(int columns) => (columns + BlockLayout.Length - 1) / BlockLayout.Length;

    // Each row's last block is filled up with zeros.
    private void Load(ReadOnlySpan<float> rows, int width, int column, int columns)
    {
        int padded = Blocks(columns) * BlockLayout.Length;
        for (int row = 0; row < rows.Length / width; row++)
        {
            Span<float> line = _weights.AsSpan(row * padded, padded);
            rows.Slice((row * width) + column, columns).CopyTo(line);
            line[columns..].Clear();
        }
    }

    private void WriteLoaded<TFormat>(int rows, int perRow, bool endsRow, Stream output, Action<int> written)
        where TFormat : struct, IBlockQuantizer
    {
        int count = rows * perRow, size = TFormat.QuantBytes;
        Parallel.For(0, (count + BlocksPerPart - 1) / BlocksPerPart, part =>
        {
            for (int block = part * BlocksPerPart; block < Math.Min(count, (part + 1) * BlocksPerPart); block++)
            {
                _scales[block] = TFormat.Quantize(
                    _weights.AsSpan(block * BlockLayout.Length, BlockLayout.Length), _quants.AsSpan(block * size, size));
            }
        });
        for (int row = 0; row < rows; row++)
        {
            Write(_quants.AsSpan(row * perRow * size, perRow * size), output, written);
            _rowScales.AddRange(_scales.AsSpan(row * perRow, perRow));
            if (!endsRow)
                continue;
            Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_rowScales)), output, written);
            _rowScales.Clear();
        }
    }

    private static void Write(ReadOnlySpan<byte> bytes, Stream output, Action<int> written)
    {
        output.Write(bytes);
        written(bytes.Length);
    }
}
