using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>Reads a pickle's bytes: lengths are checked against what is left before anything is taken.</summary>
/// <param name="bytes">The whole pickle.</param>
/// <param name="name">What to call it in messages, such as <c>data.pkl</c>.</param>
internal sealed class PickleReader(ReadOnlyMemory<byte> bytes, string name)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Next byte to read.</summary>
    public int Position { get; private set; }

    /// <summary>Where the current instruction begins; messages name it.</summary>
    public int InstructionOffset { get; private set; }

    /// <summary>Bytes not yet read.</summary>
    public int Left => bytes.Length - Position;

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
        return bytes.Slice(at, (int)length);
    }

    /// <summary>UTF-8 text.</summary>
    public string ReadText(ulong length) => Decode(Take(length));

    /// <summary>UTF-8 text up to a line feed.</summary>
    public string ReadLine()
    {
        int length = bytes.Span[Position..].IndexOf((byte)'\n');
        if (length < 0)
            throw Error("a line of text has no end");
        string text = Decode(Take((ulong)length));
        Position++;
        return text;
    }

    /// <summary>An exception that names the pickle and the current instruction's offset.</summary>
    public CheckpointException Error(string message) => new($"{name}, byte {InstructionOffset}: {message}");

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
        ReadOnlySpan<byte> taken = bytes.Span.Slice(Position, (int)length);
        Position += (int)length;
        return taken;
    }

    [DoesNotReturn]
    private void ThrowShort(ulong length) => throw Error($"{length} bytes needed, {Left} are left");
}
