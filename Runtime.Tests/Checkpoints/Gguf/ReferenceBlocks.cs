namespace MyGpt.Runtime.Tests.Checkpoints.Gguf;

/// <summary>Makes blocks of quantised numbers, and the numbers, as plainly as the format says it: scale times integer, in double precision.</summary>
internal static class ReferenceBlocks
{
    /// <summary>Q8_0: a float16 and 32 signed bytes.</summary>
    public static (byte[] Packed, double[] Numbers) Random8(Random random, int blocks)
    {
        var packed = new List<byte>();
        var numbers = new List<double>();
        for (int block = 0; block < blocks; block++)
        {
            Half scale = Scale(random);
            packed.AddRange(BitConverter.GetBytes(scale));
            for (int i = 0; i < 32; i++)
            {
                int value = random.Next(-128, 128);
                packed.Add((byte)value);
                numbers.Add((double)scale * value);
            }
        }
        return ([.. packed], [.. numbers]);
    }

    /// <summary>Q4_0: a float16 and 16 bytes; byte i holds number i in its low half and number 16 + i in its high half, each with 8 added.</summary>
    public static (byte[] Packed, double[] Numbers) Random4(Random random, int blocks)
    {
        var packed = new List<byte>();
        var numbers = new List<double>();
        for (int block = 0; block < blocks; block++)
        {
            Half scale = Scale(random);
            int[] values = [.. Enumerable.Range(0, 32).Select(_ => random.Next(-8, 8))];
            packed.AddRange(BitConverter.GetBytes(scale));
            for (int i = 0; i < 16; i++)
                packed.Add((byte)((values[i] + 8) | ((values[16 + i] + 8) << 4)));
            numbers.AddRange(values.Select(value => (double)scale * value));
        }
        return ([.. packed], [.. numbers]);
    }

    private static Half Scale(Random random) => (Half)((random.NextDouble() - 0.5) / 16);
}
