using System.Text;

namespace MyGpt.Runtime.Tests.Fuzzing.Mutations;

/// <summary>Mutations that leave JSON well-formed, mostly: other values, members twice or gone, deep nesting.</summary>
internal static class JsonEdits
{
    private const int DeepestNesting = 3000;

    private static readonly byte[][] Values =
    [
        .. new[]
        {
            "null", "true", "false", "\"\"", "[]", "{}", "[[]]", "[null]", "[1]", "[-1]", "[1,2,3,4,5,6,7,8,9]", "{\"a\":1}", "\"\\ud800\"",
            "\"\\u0000\"", "\"\\u001b[2J\"", "\"\\u202e\"", "\"../x\"", "\"a\\nb\"", "\"\\udc00\\ud800\"", "\"gpt2\"", "\"F32\"", "\"BF16\"", "\"I64\"",
            "\"f32\"", "\"bf16\"", "\"u8\"", "\"relu\"", "[0,18446744073709551615]", "[9223372036854775807,1]", "[4294967296,4294967296]", "[1e3]",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>Replaces a value, the first one that begins from a random place on.</summary>
    public static byte[] ReplaceValue(byte[] json, FuzzRandom random)
    {
        (int start, int end) = Token(json, random);
        byte[] value = random.Below(8) switch
        {
            0 => Nesting(random),
            1 or 2 => random.Pick(Values),
            3 => Other(json, random),
            _ => Numbers.Text(random),
        };
        return [.. json.AsSpan(0, start), .. value, .. json.AsSpan(end)];
    }

    /// <summary>Puts a member or item of the file somewhere else a second time: between two others.</summary>
    public static byte[] RepeatMember(byte[] json, FuzzRandom random)
    {
        (int start, int end) = Member(json, random);
        int at = random.OneIn(2) ? end : NextComma(json, random.Below(json.Length));
        return Blocks.Insert(json, Math.Min(at, json.Length), [(byte)',', .. json.AsSpan(start, end - start)]);
    }

    /// <summary>Takes a member or an item out.</summary>
    public static byte[] RemoveMember(byte[] json, FuzzRandom random)
    {
        (int start, int end) = Member(json, random);
        if (end < json.Length && json[end] == (byte)',')
            end++;
        return [.. json.AsSpan(0, start), .. json.AsSpan(end)];
    }

    private static byte[] Nesting(FuzzRandom random)
    {
        int depth = 1 + random.Below(DeepestNesting);
        return Encoding.ASCII.GetBytes(random.OneIn(2)
            ? new string('[', depth) + new string(']', depth)
            : string.Concat(Enumerable.Repeat("{\"a\":", depth)) + "1" + new string('}', depth));
    }

    private static byte[] Other(byte[] json, FuzzRandom random)
    {
        (int start, int end) = Token(json, random);
        return json[start..end];
    }

    // A string, or a run of the characters of a number or a word.
    private static (int Start, int End) Token(byte[] json, FuzzRandom random)
    {
        int start = random.Below(json.Length);
        while (start < json.Length && !IsWord(json[start]) && json[start] != (byte)'"')
            start++;
        if (start == json.Length)
            return (json.Length, json.Length);
        int end = start + 1;
        if (json[start] == (byte)'"')
        {
            while (end < json.Length && json[end] != (byte)'"')
                end += json[end] == (byte)'\\' ? 2 : 1;
            return (start, Math.Min(end + 1, json.Length));
        }
        while (start > 0 && IsWord(json[start - 1]))
            start--;
        while (end < json.Length && IsWord(json[end]))
            end++;
        return (start, end);
    }

    // From after one comma or bracket to the next comma or bracket of the same depth.
    private static (int Start, int End) Member(byte[] json, FuzzRandom random)
    {
        int at = random.Below(json.Length);
        int start = at == 0 ? 0 : json.AsSpan(0, at).LastIndexOfAny(",[{"u8) + 1;
        return (start, NextComma(json, start));
    }

    private static int NextComma(byte[] json, int from)
    {
        int depth = 0;
        for (int i = from; i < json.Length; i++)
        {
            if (json[i] is (byte)'[' or (byte)'{')
                depth++;
            else if (json[i] is (byte)']' or (byte)'}' && --depth < 0)
                return i;
            else if (json[i] == (byte)',' && depth == 0)
                return i;
        }
        return json.Length;
    }

    private static bool IsWord(byte c) => char.IsAsciiLetterOrDigit((char)c) || c is (byte)'-' or (byte)'+' or (byte)'.';
}
