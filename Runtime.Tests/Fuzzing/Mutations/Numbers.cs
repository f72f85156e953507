using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace MyGpt.Runtime.Tests.Fuzzing.Mutations;

/// <summary>Numbers at which arithmetic that is not checked goes wrong.</summary>
internal static class Numbers
{
    private static readonly ulong[] Edges =
    [
        0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536, (1 << 24) - 1, 1 << 24, (1 << 30) - 1, 1 << 30,
        int.MaxValue, 1UL << 31, uint.MaxValue, 1UL << 32, 1UL << 40, 1UL << 53, 1UL << 61, 1UL << 62, long.MaxValue, 1UL << 63,
        ulong.MaxValue, ulong.MaxValue - 62,
    ];

    private static readonly string[] Spellings =
    [
        "1e999", "-1e999", "1e-999", "1E+2147483648", "-0", "-0.0", "0.5", "NaN", "Infinity", "-Infinity", "18446744073709551615",
        "18446744073709551616", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
        "2147483647", "2147483648", "-2147483649", "4294967295", "4294967296", "1.7976931348623157e308", "5e-324", "00", "0x10", "1_000",
        "100000000000000000000000000000000000000000", "3.0", "1e0", "+1", "１",
    ];

    /// <summary>An edge, or a number near one, or its negative.</summary>
    public static ulong Edge(FuzzRandom random)
    {
        ulong edge = random.Pick(Edges);
        if (random.OneIn(3))
            edge += (ulong)(random.Below(9) - 4);
        return random.OneIn(5) ? 0 - edge : edge;
    }

    /// <summary>A number as text: an edge, or a spelling that is only nearly one.</summary>
    public static byte[] Text(FuzzRandom random) => Encoding.UTF8.GetBytes(random.OneIn(2)
        ? random.Pick(Spellings) : ((long)Edge(random)).ToString(CultureInfo.InvariantCulture));

    /// <summary>Writes an edge over 1, 2, 4 or 8 bytes in either byte order.</summary>
    public static byte[] Overwrite(byte[] bytes, FuzzRandom random)
    {
        byte[] number = new byte[8];
        bool isBig = random.OneIn(4);
        int width = 1 << random.Below(4);
        if (isBig)
            BinaryPrimitives.WriteUInt64BigEndian(number, Edge(random));
        else
            BinaryPrimitives.WriteUInt64LittleEndian(number, Edge(random));
        byte[] result = [.. bytes];
        int at = random.Below(bytes.Length);
        ReadOnlySpan<byte> written = isBig ? number.AsSpan(8 - width) : number.AsSpan(0, width);
        written[..Math.Min(width, bytes.Length - at)].CopyTo(result.AsSpan(at));
        return result;
    }

    /// <summary>Adds a little to a number of 1, 2, 4 or 8 bytes, or doubles or halves it.</summary>
    public static byte[] Nudge(byte[] bytes, FuzzRandom random)
    {
        int width = Math.Min(1 << random.Below(4), bytes.Length), at = random.Below(bytes.Length - width + 1);
        byte[] result = [.. bytes];
        Span<byte> number = stackalloc byte[8];
        number.Clear();
        result.AsSpan(at, width).CopyTo(number);
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(number);
        value = random.Below(4) switch
        {
            0 => value << 1,
            1 => value >> 1,
            _ => value + (ulong)(random.Below(65) - 32),
        };
        BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        number[..width].CopyTo(result.AsSpan(at));
        return result;
    }
}
