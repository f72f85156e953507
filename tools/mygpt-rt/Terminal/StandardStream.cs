using Microsoft.Win32.SafeHandles;

namespace MyGpt.CommandLine.Terminal;

/// <summary>Standard output or standard error without a buffer.</summary>
/// <remarks>
/// The streams of <see cref="Console"/> swallow a broken pipe on Unix, and a long generation would go on into the void; on a
/// terminal they send it control sequences first. A <see cref="FileStream"/> does neither, but keeps its own position in a regular
/// file, which garbles a file that the other stream goes to as well; therefore it serves pipes and terminals only.
/// </remarks>
internal sealed class StandardStream : Stream
{
    // EPIPE on Linux and macOS; ERROR_BROKEN_PIPE and ERROR_NO_DATA on Windows.
    private const int EPipe = 32, ErrorBrokenPipe = unchecked((int)0x8007006D), ErrorNoData = unchecked((int)0x800700E8);

    private readonly Stream? _stream;
    private readonly bool _isOutput;

    private StandardStream(Stream? stream, bool isOutput)
    {
        _stream = stream;
        _isOutput = isOutput;
    }

    /// <summary>Standard output: throws <see cref="BrokenPipeException"/> once nobody reads it.</summary>
    public static StandardStream Output() => new(Open(1, Console.OpenStandardOutput), isOutput: true);

    /// <summary>Standard error: what nobody reads is dropped.</summary>
    public static StandardStream Error() => new(Open(2, Console.OpenStandardError), isOutput: false);

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
            (_stream ?? throw new IOException("it is closed")).Write(buffer);
        }
        catch (IOException failure) when (failure.HResult is EPipe or ErrorBrokenPipe or ErrorNoData)
        {
            if (_isOutput)
                throw new BrokenPipeException(failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A message that cannot be shown is no reason to end, and there is nowhere to say so.
            if (_isOutput)
                throw new IOException($"cannot write to standard output: {failure.Message}", failure);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => _stream?.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _stream?.Dispose();
        base.Dispose(disposing);
    }

    // Null for a descriptor that was closed.
    private static Stream? Open(int descriptor, Func<Stream> openConsole)
    {
        if (OperatingSystem.IsWindows())
            return openConsole();
        if (Descriptor.WasClosed(descriptor))
            return null;
        try
        {
            var pipe = new FileStream(new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            if (!pipe.CanSeek)
                return pipe;
            pipe.Dispose();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Closed, or a directory: Console's stream knows what to do.
        }
        return openConsole();
    }
}
