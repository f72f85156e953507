using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using MyGpt.Checkpoints.Containers;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>
/// Reads a pickle's bytes: lengths are checked against what is left before anything is taken. A pickle in the middle of a large file
/// is read in a window that grows as far as the pickle goes, so that its end need not be known.
/// </summary>
internal sealed class PickleReader
{
    private const int FirstWindow = 1 << 16;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly CheckpointFile? _file;
    private readonly long _start;
    private readonly int _length;
    private readonly string _name;
    private ReadOnlyMemory<byte> _window;

    /// <summary>Reads bytes in memory.</summary>
    /// <param name="bytes">The whole pickle.</param>
    /// <param name="name">What to call it in messages, such as <c>data.pkl</c>.</param>
    public PickleReader(ReadOnlyMemory<byte> bytes, string name)
    {
        _window = bytes;
        _length = bytes.Length;
        _name = name;
    }

    /// <summary>Reads bytes of a file as they are needed.</summary>
    /// <param name="file">The file.</param>
    /// <param name="start">The pickle's first byte in it; messages count bytes from the file's beginning.</param>
    /// <param name="length">Most bytes that the pickle may have; the file holds them.</param>
    /// <param name="name">What to call it in messages.</param>
    public PickleReader(CheckpointFile file, long start, int length, string name)
    {
        _file = file;
        _start = start;
        _length = length;
        _name = name;
    }

    /// <summary>Next byte to read, counted from the pickle's first.</summary>
    public int Position { get; private set; }

    /// <summary>Where the current instruction begins, counted from the pickle's first byte.</summary>
    public int InstructionOffset { get; private set; }

    /// <summary>Bytes not yet read.</summary>
    public int Left => _length - Position;

    /// <summary>Reads the code of the next instruction.</summary>
    public Opcode ReadOpcode()
    {
        InstructionOffset = Position;
        return Left > 0 ? (Opcode)ReadByte() : throw Error("the pickle ends without STOP");
    }

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleBigEndian(Take(8));

    /// <summary>Bytes in place.</summary>
    public ReadOnlyMemory<byte> ReadBytes(ulong length)
    {
        int at = Position;
        Take(length);
        return _window.Slice(at, (int)length);
    }

    /// <summary>UTF-8 text.</summary>
    public string ReadText(ulong length) => Decode(Take(length));

    /// <summary>UTF-8 text up to a line feed.</summary>
    public string ReadLine()
    {
        int length;
        while ((length = _window.Span[Math.Min(Position, _window.Length)..].IndexOf((byte)'\n')) < 0)
        {
            if (_window.Length == _length)
                throw Error("a line of text has no end");
            Grow(_window.Length + 1);
        }
        string text = Decode(Take((ulong)length));
        Position++;
        return text;
    }

    /// <summary>An exception that names the pickle and the current instruction's offset.</summary>
    public CheckpointException Error(string message) => new($"{_name}, byte {_start + InstructionOffset}: {message}");

    private string Decode(ReadOnlySpan<byte> text)
    {
        try
        {
            return StrictUtf8.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            throw Error("a string is not UTF-8");
        }
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)Left)
            ThrowShort(length);
        int at = Position, end = at + (int)length;
        if (end > _window.Length)
            Grow(end);
        Position = end;
        return _window.Span[at..end];
    }

    // Doubling, so that all windows together cost no more than twice the pickle.
    private void Grow(int needed)
    {
        byte[] larger = new byte[Math.Min(_length, Math.Max(FirstWindow, Math.Max((long)needed, 2L * _window.Length)))];
        _window.CopyTo(larger);
        _file!.Read(_start + _window.Length, larger.AsSpan(_window.Length));
        _window = larger;
    }

    [DoesNotReturn]
    private void ThrowShort(ulong length) => throw Error($"{length} bytes needed, {Left} are left");
}
