using System.Buffers.Binary;
using System.Numerics;

namespace MyGpt.Runtime.Weights;

/// <summary>CRC-32C (Castagnoli; RFC 3720, appendix B.4): the checksum of "123456789" is E3069283.</summary>
internal struct Crc32C
{
    /// <summary>The checksum of all bytes so far; 0 before the first.</summary>
    public uint Value { get; private set; }

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        Crc32C checksum = default;
        checksum.Append(bytes);
        return checksum.Value;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint register = ~Value;
        while (bytes.Length >= sizeof(ulong))
        {
            register = BitOperations.Crc32C(register, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }
        foreach (byte b in bytes)
            register = BitOperations.Crc32C(register, b);
        Value = ~register;
    }
}
