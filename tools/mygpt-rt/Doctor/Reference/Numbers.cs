namespace MyGpt.CommandLine.Doctor.Reference;

/// <summary>Numbers that kernels are tried on: the same in every run, on every machine.</summary>
internal static class Numbers
{
    /// <summary>Random numbers.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">Other seeds, other numbers.</param>
    /// <param name="spread">They lie between this and its negative.</param>
    public static float[] Floats(int count, int seed, float spread = 3)
    {
        var random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = spread * ((2 * random.NextSingle()) - 1);
        return values;
    }

    /// <summary>The nearest bfloat16, ties to even, as the float32 that it is.</summary>
    /// <param name="value">A finite number.</param>
    public static float RoundToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value), below = bits & 0xFFFF, kept = bits - below;
        bool up = below > 0x8000 || (below == 0x8000 && (kept & 0x10000) != 0);
        return BitConverter.UInt32BitsToSingle(up ? kept + 0x10000 : kept);
    }
}
