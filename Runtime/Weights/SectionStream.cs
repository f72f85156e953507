namespace MyGpt.Runtime.Weights;

/// <summary>What the writer of a section writes to: counts and checksums the bytes, and refuses more than the section has.</summary>
internal sealed class SectionStream(Stream file, string name, long length) : Stream
{
    private long _written;
    private Crc32C _checksum;

    public uint Checksum => _checksum.Value;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > length - _written)
            throw Unequal(checked(_written + buffer.Length), "or more ");
        file.Write(buffer);
        _checksum.Append(buffer);
        _written += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void WriteByte(byte value) => Write([value]);

    /// <summary>To be called when the section's writer has returned.</summary>
    /// <exception cref="InvalidOperationException">It wrote too little.</exception>
    public void Complete()
    {
        if (_written != length)
            throw Unequal(_written, "");
    }

    public override void Flush()
    {
        // The file is flushed once, when it is complete.
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private InvalidOperationException Unequal(long written, string orMore) =>
        new($"section '{name}': its writer wrote {written} {orMore}bytes, its shape has {length}.");
}
