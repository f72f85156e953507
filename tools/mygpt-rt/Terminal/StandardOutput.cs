using Microsoft.Win32.SafeHandles;

namespace MyGpt.CommandLine.Terminal;

/// <summary>Standard output without a buffer that says so when nobody reads it any more.</summary>
/// <remarks>
/// The stream of <see cref="Console.OpenStandardOutput()"/> swallows a broken pipe on Unix, and a long generation would go on into
/// the void. A <see cref="FileStream"/> reports it, but keeps its own position in a regular file, which garbles a file that standard
/// error goes to as well; therefore it serves pipes and terminals only.
/// </remarks>
internal sealed class StandardOutput : Stream
{
    // EPIPE on Linux and macOS; ERROR_BROKEN_PIPE and ERROR_NO_DATA on Windows.
    private const int EPipe = 32, ErrorBrokenPipe = unchecked((int)0x8007006D), ErrorNoData = unchecked((int)0x800700E8);

    private readonly Stream _stream;

    public StandardOutput() => _stream = Open();

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
        try
        {
            _stream.Write(buffer);
        }
        catch (IOException failure) when (failure.HResult is EPipe or ErrorBrokenPipe or ErrorNoData)
        {
            throw new BrokenPipeException(failure);
        }
        catch (IOException failure)
        {
            throw new IOException($"cannot write to standard output: {failure.Message}", failure);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => _stream.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _stream.Dispose();
        base.Dispose(disposing);
    }

    private static Stream Open()
    {
        if (OperatingSystem.IsWindows())
            return Console.OpenStandardOutput();
        try
        {
            var pipe = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!pipe.CanSeek)
                return pipe;
            pipe.Dispose();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Closed, or a directory: Console's stream knows what to do.
        }
        return Console.OpenStandardOutput();
    }
}
