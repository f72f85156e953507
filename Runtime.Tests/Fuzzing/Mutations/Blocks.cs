namespace MyGpt.Runtime.Tests.Fuzzing.Mutations;

/// <summary>Mutations of runs of bytes, whatever they mean. None takes an empty input.</summary>
internal static class Blocks
{
    // Twice this is what an input may grow by at once: room for a long name or a deep nesting, not for a slow execution.
    private const int LongestBlock = 4096;

    public static byte[] FlipBit(byte[] bytes, FuzzRandom random)
    {
        byte[] result = [.. bytes];
        result[random.Below(bytes.Length)] ^= (byte)(1 << random.Below(8));
        return result;
    }

    public static byte[] SetByte(byte[] bytes, FuzzRandom random)
    {
        byte[] result = [.. bytes];
        result[random.Below(bytes.Length)] = random.OneIn(3) ? random.Pick<byte>([0, 0x7F, 0x80, 0xFF]) : (byte)random.Next();
        return result;
    }

    public static byte[] Truncate(byte[] bytes, FuzzRandom random) =>
        bytes[..(random.OneIn(2) ? random.Below(bytes.Length) : bytes.Length - 1 - random.Below(Math.Min(bytes.Length, 64)))];

    public static byte[] Extend(byte[] bytes, FuzzRandom random)
    {
        byte[] more = new byte[1 + random.Length(LongestBlock)];
        byte value = (byte)(random.OneIn(2) ? 0 : random.Next());
        for (int i = 0; i < more.Length; i++)
            more[i] = random.OneIn(2) ? value : bytes[random.Below(bytes.Length)];
        return [.. bytes, .. more];
    }

    public static byte[] Remove(byte[] bytes, FuzzRandom random)
    {
        (int start, int end) = Range(bytes, random);
        return [.. bytes.AsSpan(0, start), .. bytes.AsSpan(end)];
    }

    public static byte[] Duplicate(byte[] bytes, FuzzRandom random)
    {
        (int start, int end) = Range(bytes, random);
        return Insert(bytes, random.OneIn(2) ? end : random.Below(bytes.Length + 1), bytes.AsSpan(start, end - start));
    }

    public static byte[] Move(byte[] bytes, FuzzRandom random)
    {
        (int start, int end) = Range(bytes, random);
        byte[] rest = [.. bytes.AsSpan(0, start), .. bytes.AsSpan(end)];
        return Insert(rest, random.Below(rest.Length + 1), bytes.AsSpan(start, end - start));
    }

    public static byte[] CopyOver(byte[] bytes, FuzzRandom random)
    {
        (int start, int end) = Range(bytes, random);
        byte[] result = [.. bytes];
        int at = random.Below(bytes.Length - (end - start) + 1);
        bytes.AsSpan(start, end - start).CopyTo(result.AsSpan(at));
        return result;
    }

    /// <summary>The beginning of one input and the end of another.</summary>
    public static byte[] Splice(byte[] bytes, byte[] other, FuzzRandom random) =>
        [.. bytes.AsSpan(0, random.Below(bytes.Length + 1)), .. other.AsSpan(random.Below(other.Length + 1))];

    /// <summary>A run of bytes put in between.</summary>
    public static byte[] Insert(byte[] bytes, int at, ReadOnlySpan<byte> block) => [.. bytes.AsSpan(0, at), .. block, .. bytes.AsSpan(at)];

    private static (int Start, int End) Range(byte[] bytes, FuzzRandom random)
    {
        int length = 1 + random.Length(Math.Min(bytes.Length, LongestBlock));
        int start = random.Below(bytes.Length - length + 1);
        return (start, start + length);
    }
}
