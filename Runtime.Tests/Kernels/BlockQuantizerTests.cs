using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Tests.Reference;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Kernels;

public class BlockQuantizerTests
{
    private delegate ushort Quantizer(ReadOnlySpan<float> weights, Span<byte> quants);

    public static TheoryData<bool, float> Magnitudes => new()
    {
        { false, 1 }, { true, 1 }, { false, 1e-38f }, { true, 1e-35f }, { false, 1e30f }, { true, 1e30f }, { false, float.MaxValue }, { true, float.MaxValue },
    };

    [Theory]
    [MemberData(nameof(Magnitudes))]
    public void Quantize_takes_the_nearest_quants_and_is_never_worse_than_the_scale_of_the_largest(bool four, float magnitude)
    {
        var random = new Random(7);
        for (int round = 0; round < 200; round++)
        {
            float[] weights = [.. Enumerable.Range(0, 32).Select(_ => ((random.NextSingle() * 2) - 1) * (round % 3 == 0 ? random.NextSingle() : 1) * magnitude)];
            float[] found = RoundTrip(four, weights, out float scale);

            Assert.All(found, weight => Assert.True(float.IsFinite(weight)));
            foreach ((float weight, float back) in weights.Zip(found))
            {
                double least = ReferenceQuants.Multiples(four).Min(multiple => Math.Abs(weight - ((double)scale * multiple)));
                Assert.True(Math.Abs((double)weight - back) <= least + (Math.Abs(scale) * ReferenceQuants.TieSlack), $"{weight} became {back} at scale {scale}");
            }
            float largest = weights.Max(MathF.Abs);
            if (!float.IsFinite(ReferenceQuants.Rounded(largest / 127) * 127))
                continue;   // its largest weight would be infinite
            double plain = ReferenceQuants.LeastSquaredError(four, weights, ReferenceQuants.Rounded(largest / 127));
            double searched = weights.Zip(found, (weight, back) => Math.Pow((double)weight - back, 2)).Sum();
            Assert.True(searched <= plain * (1 + 1e-5), $"{searched} > {plain}");
        }
    }

    // Computed apart from this runtime, in double precision: the scale of least error among those that are tried, then the nearest quants.
    // Column i is ((29 i + 7) mod 61 - 30) / 16; the second block has 8 columns.
    [Theory]
    [InlineData(false, "9F19920D85007BF36EE761DA55CD48C13BB42FA7229A158E0881FC76EF6AE25DBD7FA96B95578143000000000000000000000000000000000000000000000000723C193C")]
    [InlineData(true, "C65ED76FD760E971F9720A931A942BA40C070B060A05090400000000000000008DBC4A3C")]
    public void Quantize_a_known_row_gives_known_bytes(bool four, string expected)
    {
        float[] row = [.. Enumerable.Range(0, 64).Select(i => i < 40 ? (((29 * i) + 7) % 61 - 30) / 16f : 0)];
        byte[] first = new byte[four ? 16 : 32], second = new byte[first.Length], scales = new byte[4];
        BitConverter.TryWriteBytes(scales, Of(four)(row.AsSpan(0, 32), first));
        BitConverter.TryWriteBytes(scales.AsSpan(2), Of(four)(row.AsSpan(32), second));
        Assert.Equal(expected, Convert.ToHexString([.. first, .. second, .. scales]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Quantize_zeros_gives_zero_bytes(bool four)
    {
        byte[] quants = [.. Enumerable.Repeat((byte)0xA5, four ? 16 : 32)];
        Assert.Equal(0, Of(four)(new float[32], quants));
        Assert.All(quants, value => Assert.Equal(0, value));
        Assert.All(RoundTrip(four, [.. new float[31], float.Epsilon], out _), weight => Assert.InRange(weight, 0, 1e-37f));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Quantize_keeps_zeros_among_other_weights(bool four)
    {
        float[] weights = [.. Enumerable.Range(0, 32).Select(i => i % 2 == 0 ? 0 : i - 11.3f)];
        float[] found = RoundTrip(four, weights, out _);
        for (int i = 0; i < 32; i += 2)
            Assert.Equal(0, found[i]);
    }

    [Theory]
    [InlineData(false, float.NaN)]
    [InlineData(true, float.NaN)]
    [InlineData(false, float.PositiveInfinity)]
    [InlineData(true, float.NegativeInfinity)]
    public void Quantize_a_weight_that_is_not_finite_makes_its_block_NaN(bool four, float weight)
    {
        float[] weights = new float[32];
        weights[19] = weight;
        Assert.All(RoundTrip(four, weights, out _), back => Assert.True(float.IsNaN(back)));
    }

    [Theory]
    [InlineData(0x0000)]
    [InlineData(0x8000)]
    [InlineData(0x0001)]
    [InlineData(0x3F80)]
    [InlineData(0xBF80)]
    [InlineData(0x7F80)]
    [InlineData(0xFF80)]
    [InlineData(0x7FC1)]
    public void Widen_takes_any_bits(int scale)
    {
        byte[] bits = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 37))];
        bits[3] = 0x80;   // -128, which no writer writes
        foreach (bool four in new[] { false, true })
        {
            byte[] row = [.. bits[..(four ? 16 : 32)], (byte)scale, (byte)(scale >> 8)];
            float[] widened = Widen(four, row[..^2], (ushort)scale);
            for (int column = 0; column < 32; column++)
            {
                (float d, int multiple) = ReferenceQuants.Read(four, row, column);
                Assert.Equal(d * multiple, widened[column]);
            }
        }
    }

    [Fact]
    public void Quantize_to_q8_takes_the_best_of_five_neighbouring_scales()
    {
        int moved = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            float[] weights = Sample.Floats(32, seed);
            float[] actual = RoundTrip(four: false, weights, out _);
            ushort nearest = BlockScale.Narrow(weights.Max(Math.Abs) / 127);
            double[] errors = [.. Enumerable.Range(nearest - 2, 5).Select(code => Error(weights, BitConverter.UInt32BitsToSingle((uint)code << 16)))];
            double error = weights.Zip(actual, (w, a) => Math.Pow((double)w - a, 2)).Sum();
            Assert.InRange(error, 0, errors.Min() * 1.0001);   // compared in float32
            moved += error < errors[2] * 0.999 ? 1 : 0;
        }
        Assert.InRange(moved, 1, 100);

        static double Error(float[] weights, double scale) =>
            weights.Sum(w => Math.Pow(w - scale * Math.Clamp(Math.Round(w / scale, MidpointRounding.ToEven), -127, 127), 2));
    }

    [Fact]
    public void Narrow_is_the_nearest_bfloat16()
    {
        Assert.Equal(0x3F80, BlockScale.Narrow(1));
        Assert.Equal(0x3F80, BlockScale.Narrow(BitConverter.UInt32BitsToSingle(0x3F80_8000)));   // a tie, to even
        Assert.Equal(0x3F82, BlockScale.Narrow(BitConverter.UInt32BitsToSingle(0x3F81_8000)));
        Assert.Equal(0x3F81, BlockScale.Narrow(BitConverter.UInt32BitsToSingle(0x3F80_8001)));
        Assert.Equal(0xBF80, BlockScale.Narrow(-1));
    }

    [Fact]
    public void Container_and_kernels_agree_on_blocks()
    {
        Assert.Equal(ElementTypes.BlockLength, BlockLayout.Length);
        Assert.Equal(ElementType.Q8.RowBytes(32), Q8Quantizer.QuantBytes + sizeof(ushort));
        Assert.Equal(ElementType.Q4.RowBytes(32), Q4Quantizer.QuantBytes + sizeof(ushort));
    }

    private static Quantizer Of(bool four) => four ? Q4Quantizer.Quantize : Q8Quantizer.Quantize;

    private static float[] RoundTrip(bool four, float[] weights, out float scale)
    {
        byte[] quants = new byte[four ? 16 : 32];
        ushort code = Of(four)(weights, quants);
        scale = BitConverter.UInt32BitsToSingle((uint)code << 16);
        return Widen(four, quants, code);
    }

    private static float[] Widen(bool four, byte[] quants, ushort scale)
    {
        float[] weights = new float[32];
        if (four)
            Q4Quantizer.Widen(quants, scale, weights);
        else
            Q8Quantizer.Widen(quants, scale, weights);
        return weights;
    }
}
