using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>
/// How GPT-2's vocabulary files spell bytes as characters: the printable characters of Latin-1 stand for themselves and come first in
/// the order of ids, the other bytes follow and are spelt with the characters from U+0100 on.
/// </summary>
/// <remarks>github.com/openai/gpt-2, encoder.py: bytes_to_unicode.</remarks>
internal static class ByteSpelling
{
    private const int None = -1;

    /// <summary>The spellings in the order of their ids in GPT-2.</summary>
    public static IReadOnlyList<(char Spelling, byte Value)> All { get; } = [.. List()];

    private static readonly short[] Values = ByCharacter();

    /// <summary>Whether a map has each byte as a token, as every vocabulary of byte pairs begins.</summary>
    public static bool SpellsAllBytes(DictValue ids) => All.All(one => ids.Get<IntegerValue>(one.Spelling.ToString()) is not null);

    /// <summary>The bytes that a token spells.</summary>
    /// <returns>False for a character that spells none, such as a space.</returns>
    public static bool TryDecode(ReadOnlySpan<char> token, out byte[] bytes)
    {
        bytes = new byte[token.Length];
        for (int i = 0; i < token.Length; i++)
        {
            short value = token[i] < Values.Length ? Values[token[i]] : (short)None;
            if (value == None)
                return false;
            bytes[i] = (byte)value;
        }
        return true;
    }

    private static IEnumerable<(char Spelling, byte Value)> List()
    {
        for (int value = 0; value <= byte.MaxValue; value++)
        {
            if (IsPrintable(value))
                yield return ((char)value, (byte)value);
        }
        char spelling = '\u0100';
        for (int value = 0; value <= byte.MaxValue; value++)
        {
            if (!IsPrintable(value))
                yield return (spelling++, (byte)value);
        }
    }

    private static short[] ByCharacter()
    {
        short[] values = new short[All.Max(byteOf => byteOf.Spelling) + 1];
        Array.Fill(values, (short)None);
        foreach ((char spelling, byte value) in All)
            values[spelling] = value;
        return values;
    }

    private static bool IsPrintable(int value) => value is (>= '!' and <= '~') or (>= '¡' and <= 'ÿ' and not '\u00AD');
}
