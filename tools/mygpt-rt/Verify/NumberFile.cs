using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verify;

/// <summary>A file of little-endian numbers, read row by row, so that a block of any size takes the memory of one row.</summary>
internal sealed class NumberFile : IDisposable
{
    private readonly string _path;
    private readonly bool _isDouble;
    private readonly SafeFileHandle _file;
    private byte[] _bytes = [];
    private double[] _row = [];

    /// <summary>Opens the file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="isDouble">float64 numbers, else float32.</param>
    /// <exception cref="IOException">It is a pipe or a device, or cannot be opened.</exception>
    public NumberFile(string path, bool isDouble)
    {
        _path = path;
        _isDouble = isDouble;
        _file = File.OpenHandle(RegularFile.Find(path).FullName, FileMode.Open, FileAccess.Read, FileShare.Read);
    }

    private int NumberBytes => _isDouble ? sizeof(double) : sizeof(float);

    /// <summary>Checks that a block lies in the file.</summary>
    /// <param name="block">The block.</param>
    /// <param name="what">What it holds, for the message.</param>
    /// <exception cref="ReferenceException">The file ends before the block does.</exception>
    public void Require(NumberBlock block, string what)
    {
        long length = RandomAccess.GetLength(_file);
        Int128 end = ((Int128)block.Offset + ((Int128)block.Rows * block.Columns)) * NumberBytes;
        if (end > length)
        {
            throw new ReferenceException(
                $"'{_path}' has {length} bytes; the {what} at number {block.Offset}, shape [{block.Rows}, {block.Columns}], need {end}");
        }
    }

    /// <summary>A row of a block that lies in the file, (Columns); valid until the next call.</summary>
    /// <exception cref="ReferenceException">A number is not finite, or the file has become shorter.</exception>
    public ReadOnlySpan<double> Row(NumberBlock block, int index)
    {
        int columns = block.Columns;
        if (_row.Length < columns)
        {
            _row = new double[columns];
            _bytes = new byte[checked(columns * NumberBytes)];
        }
        long first = block.Offset + ((long)index * columns);
        Span<byte> bytes = _bytes.AsSpan(0, columns * NumberBytes);
        for (int done = 0; done < bytes.Length;)
        {
            int read = RandomAccess.Read(_file, bytes[done..], (first * NumberBytes) + done);
            if (read == 0)
                throw new ReferenceException($"'{_path}' ends at byte {(first * NumberBytes) + done}; it had more when it was opened");
            done += read;
        }
        for (int i = 0; i < columns; i++)
        {
            _row[i] = _isDouble
                ? BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * sizeof(double))..])
                : BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
            if (!double.IsFinite(_row[i]))
                throw new ReferenceException($"'{_path}': number {first + i} is {_row[i]}; finite numbers needed");
        }
        return _row.AsSpan(0, columns);
    }

    public void Dispose() => _file.Dispose();
}
