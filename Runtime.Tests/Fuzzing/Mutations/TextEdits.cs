using System.Text;

namespace MyGpt.Runtime.Tests.Fuzzing.Mutations;

/// <summary>Mutations of characters: numbers, what breaks a line or a terminal, names that lead elsewhere.</summary>
internal static class TextEdits
{
    private static readonly byte[][] Fragments =
    [
        .. new[]
        {
            "\0", "\n", "\r\n", "\t", " ", "\u001B[2J", "\u2028", "\u202E", "\u0085", "\uFEFF", "\uFFFD", "\U0010FFFF", "\u0301", "\u1F80",
            "..", "../", "/", "\\", "/etc/passwd", ":", "%s", "'", "\"", "-1", ".", "_orig_mod.", "module.", "h.99999999999.", "<|endoftext|>",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
    ];

    /// <summary>Puts a fragment anywhere.</summary>
    public static byte[] InsertFragment(byte[] bytes, FuzzRandom random) =>
        Blocks.Insert(bytes, random.Below(bytes.Length + 1), random.Pick(Fragments));

    /// <summary>Replaces a run of digits, the first one from a random place on, by another number.</summary>
    public static byte[] ReplaceNumber(byte[] bytes, FuzzRandom random)
    {
        int from = random.Below(bytes.Length), start = bytes.AsSpan(from).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (start < 0)
            return InsertFragment(bytes, random);
        start += from;
        int length = bytes.AsSpan(start).IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        ReadOnlySpan<byte> rest = length < 0 ? [] : bytes.AsSpan(start + length);
        return [.. bytes.AsSpan(0, start), .. Numbers.Text(random), .. rest];
    }

    /// <summary>Repeats a line, or puts it elsewhere.</summary>
    public static byte[] RepeatLine(byte[] bytes, FuzzRandom random)
    {
        int from = random.Below(bytes.Length), end = bytes.AsSpan(from).IndexOf((byte)'\n');
        end = end < 0 ? bytes.Length : from + end + 1;
        int start = bytes.AsSpan(0, from).LastIndexOf((byte)'\n') + 1;
        return Blocks.Insert(bytes, random.OneIn(2) ? start : 0, bytes.AsSpan(start, end - start));
    }
}
