using System.Buffers.Binary;
using System.Text;

namespace MyGpt.Checkpoints.Containers.Gguf;

/// <summary>Reads the head of a GGUF file from front to back: lengths are checked against what is left before anything is taken.</summary>
/// <param name="file">The file.</param>
internal sealed class GgufReader(CheckpointFile file)
{
    private const int BufferLength = 1 << 16;

    // Everything before the tensors: names, vocabulary, merges. Those of the largest vocabularies have some 20 MB.
    private const long MaxHeadLength = 128 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _buffer = new byte[(int)Math.Min(BufferLength, file.Length)];
    private readonly long _end = Math.Min(file.Length, MaxHeadLength);
    private readonly MemoryBudget _memory = new(BaseMemory + Math.Min(file.Length, MaxHeadLength));
    private long _bufferStart;
    private int _bufferEnd;
    private long _itemStart;

    /// <summary>What the head may take in memory beyond its own size; a byte of it can make an object of a hundred.</summary>
    private const long BaseMemory = 40 << 20;

    /// <summary>What is being read, for messages.</summary>
    public string Part { get; set; } = "the header";

    /// <summary>Next byte to read.</summary>
    public long Position { get; private set; }

    public byte ReadByte() => Take(1)[0];

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(sizeof(ushort)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));

    /// <summary>Reads a 64-bit count.</summary>
    /// <param name="most">Most that is read; with it memory and time are bounded.</param>
    /// <param name="what">What is counted.</param>
    public int ReadCount(int most, string what)
    {
        ulong count = ReadUInt64();
        return count <= (ulong)most ? (int)count : throw Error($"{count} {what} found, at most {most} are read");
    }

    /// <summary>Reads a string: a 64-bit length and UTF-8.</summary>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="most">Most bytes that it may have.</param>
    public string ReadString(string what, int most)
    {
        ulong length = ReadUInt64();
        if (length > (ulong)(_end - Position))
            throw Error($"{what} of {length} bytes, {_end - Position} are left");
        if (length > (ulong)most)
            throw Error($"{what} of {length} bytes, at most {most} are read");
        Spend(Values.Cost.Text((int)length));
        try
        {
            return StrictUtf8.GetString(Take((int)length));
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointException(Error($"{what} is not UTF-8").Message, e);
        }
    }

    /// <summary>Counts memory that is about to be taken.</summary>
    public void Spend(long bytes)
    {
        if (!_memory.TryTake(bytes))
            throw Error($"the file's head unpacks to far more than its own size; more than {Printable.Bytes(BaseMemory)} beyond it are refused");
    }

    /// <summary>An exception that names the part and the offset of what was read last.</summary>
    public CheckpointException Error(string message) => new($"GGUF, {Part}, byte {_itemStart}: {message}");

    private ReadOnlySpan<byte> Take(int length)
    {
        _itemStart = Position;
        if (length > _end - Position)
            throw Error($"{length} bytes needed, {_end - Position} are left{(_end < file.Length ? $" of the {_end} that are read before the tensors" : "")}");
        if (length > _buffer.Length)
        {
            byte[] large = new byte[length];
            file.Read(Position, large);
            Position += length;
            return large;
        }
        if (Position + length > _bufferStart + _bufferEnd)
        {
            _bufferStart = Position;
            _bufferEnd = (int)Math.Min(_buffer.Length, _end - Position);
            file.Read(Position, _buffer.AsSpan(0, _bufferEnd));
        }
        ReadOnlySpan<byte> taken = _buffer.AsSpan((int)(Position - _bufferStart), length);
        Position += length;
        return taken;
    }
}
