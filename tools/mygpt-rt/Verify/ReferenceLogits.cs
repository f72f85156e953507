using System.Buffers.Binary;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verify;

/// <summary>Reads a block of reference logits row by row, so that a block of any size takes the memory of one row.</summary>
internal sealed class ReferenceLogits : IDisposable
{
    private readonly FileStream _file;
    private readonly LogitsLocation _location;
    private readonly byte[] _bytes;
    private readonly double[] _row;
    private long _next;

    /// <summary>Opens the file at the block.</summary>
    /// <exception cref="ReferenceException">The file ends before the block does.</exception>
    /// <exception cref="IOException">It is a pipe or a device, or cannot be opened.</exception>
    public ReferenceLogits(LogitsLocation location)
    {
        _location = location;
        _next = location.Offset;
        _file = new FileStream(RegularFile.Find(location.Path).FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        long size = location.IsDouble ? sizeof(double) : sizeof(float);
        Int128 end = ((Int128)location.Offset + ((Int128)location.Rows * location.Columns)) * size;
        if (end > _file.Length)
        {
            long length = _file.Length;
            _file.Dispose();
            throw new ReferenceException($"'{location.Path}' has {length} bytes; the logits at number {location.Offset}, shape "
                + $"[{location.Rows}, {location.Columns}], need {end}");
        }
        _file.Position = location.Offset * size;
        _bytes = new byte[location.Columns * size];
        _row = new double[location.Columns];
    }

    /// <summary>The next row, (V); valid until the next call.</summary>
    /// <exception cref="ReferenceException">A number is not finite.</exception>
    public ReadOnlySpan<double> Next()
    {
        _file.ReadExactly(_bytes);
        for (int i = 0; i < _row.Length; i++, _next++)
        {
            _row[i] = _location.IsDouble
                ? BinaryPrimitives.ReadDoubleLittleEndian(_bytes.AsSpan(i * sizeof(double)))
                : BinaryPrimitives.ReadSingleLittleEndian(_bytes.AsSpan(i * sizeof(float)));
            if (!double.IsFinite(_row[i]))
                throw new ReferenceException($"'{_location.Path}': number {_next} is {_row[i]}; finite logits needed");
        }
        return _row;
    }

    public void Dispose() => _file.Dispose();
}
