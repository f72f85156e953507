using System.Buffers.Binary;

namespace MyGpt.Checkpoints.Containers.Gguf;

/// <summary>How numbers are packed into blocks of <see cref="Size"/> that share a scale.</summary>
/// <remarks>github.com/ggml-org/llama.cpp, ggml/src/ggml-common.h (block_q8_0, block_q4_0) and ggml-quants.c (dequantize_row_*).</remarks>
internal sealed class BlockFormat
{
    /// <summary>Numbers in one block.</summary>
    public const int Size = 32;

    /// <summary>The largest <see cref="Bytes"/> of a format.</summary>
    public const int MostBytes = ScaleBytes + Size;

    private const int ScaleBytes = 2;

    private BlockFormat(int bytes, Unpacker unpack)
    {
        Bytes = bytes;
        Unpack = unpack;
    }

    /// <summary>Unpacks one block.</summary>
    /// <param name="block">Its bytes.</param>
    /// <param name="numbers">Its <see cref="Size"/> numbers.</param>
    public delegate void Unpacker(ReadOnlySpan<byte> block, Span<float> numbers);

    /// <summary>A float16 scale and 32 signed bytes.</summary>
    public static BlockFormat Q8_0 { get; } = new(ScaleBytes + Size, UnpackBytes);

    /// <summary>A float16 scale and 32 numbers of 4 bits, less 8: the first half in the low bits of 16 bytes, the second in the high ones.</summary>
    public static BlockFormat Q4_0 { get; } = new(ScaleBytes + (Size / 2), UnpackNibbles);

    /// <summary>Size of one block in bytes.</summary>
    public int Bytes { get; }

    /// <summary>Unpacks one block.</summary>
    public Unpacker Unpack { get; }

    private static void UnpackBytes(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        float scale = ReadScale(block);
        for (int i = 0; i < Size; i++)
            numbers[i] = (sbyte)block[ScaleBytes + i] * scale;
    }

    private static void UnpackNibbles(ReadOnlySpan<byte> block, Span<float> numbers)
    {
        const int Half = Size / 2, Zero = 8;
        float scale = ReadScale(block);
        for (int i = 0; i < Half; i++)
        {
            byte pair = block[ScaleBytes + i];
            numbers[i] = ((pair & 0xF) - Zero) * scale;
            numbers[Half + i] = ((pair >> 4) - Zero) * scale;
        }
    }

    private static float ReadScale(ReadOnlySpan<byte> block) => (float)BinaryPrimitives.ReadHalfLittleEndian(block);
}
