namespace MyGpt.Runtime.Tests.Reference;

/// <summary>q8 and q4 as docs/weights-format.md describes them, one weight at a time.</summary>
internal static class ReferenceQuants
{
    private static readonly int[] Levels = [0, 11, 23, 35, 49, 64, 82, 104, -127, -98, -77, -61, -47, -34, -22, -11];

    /// <summary>
    /// How much farther than the nearest multiple a quant may lie, in scales. A quotient below 256 is rounded by up to 2^-17, so a weight that near to the
    /// middle of two multiples may take either, and the other one is at most twice that farther away.
    /// </summary>
    public const double TieSlack = 2.0 / (1 << 17);

    /// <summary>All multiples of the scale that a weight can have.</summary>
    public static int[] Multiples(bool four) => four ? Levels : [.. Enumerable.Range(-127, 255)];

    /// <summary>Bytes of a row of some columns.</summary>
    public static int RowBytes(bool four, int columns) => (columns + 31) / 32 * (four ? 18 : 34);

    /// <summary>The scale and the multiple of it that a weight of a row is.</summary>
    public static (float Scale, int Multiple) Read(bool four, ReadOnlySpan<byte> row, int column)
    {
        int quantBytes = four ? 16 : 32, blocks = row.Length / (quantBytes + 2), block = column / 32, within = column % 32;
        int at = (blocks * quantBytes) + (2 * block);
        float scale = BitConverter.Int32BitsToSingle((row[at] | (row[at + 1] << 8)) << 16);
        if (!four)
            return (scale, (sbyte)row[column]);
        byte pair = row[(block * 16) + (within % 16)];
        return (scale, Levels[within < 16 ? pair & 15 : pair >> 4]);
    }

    /// <summary>The bfloat16 that is nearest; not for ties.</summary>
    public static float Rounded(float scale) => BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(scale) + 0x8000) & 0xFFFF_0000);

    /// <summary>The squared error of a block at a scale of the better sign, each weight at its nearest multiple.</summary>
    public static double LeastSquaredError(bool four, float[] weights, float scale) => new[] { scale, -scale }
        .Min(d => weights.Sum(weight => Multiples(four).Min(multiple => Math.Pow(weight - ((double)d * multiple), 2))));
}
