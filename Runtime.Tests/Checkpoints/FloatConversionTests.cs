using System.Runtime.InteropServices;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class FloatConversionTests
{
    [Fact]
    public void Widen_float16_is_exact_for_every_number()
    {
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i)];
        float[] wide = new float[all.Length];

        FloatConversion.Widen(TensorType.Float16, MemoryMarshal.AsBytes(all.AsSpan()), wide);

        for (int i = 0; i < all.Length; i++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)i);
            if (float.IsNaN(expected))
                Assert.True(float.IsNaN(wide[i]), $"{i:X4}");
            else
                Assert.True(expected.Equals(wide[i]) && float.IsNegative(expected) == float.IsNegative(wide[i]), $"{i:X4}: {wide[i]}");
        }
    }

    [Fact]
    public void Widen_bfloat16_is_the_upper_half_of_a_float32()
    {
        ushort[] all = [.. Enumerable.Range(0, 1 << 16).Select(i => (ushort)i)];
        float[] wide = new float[all.Length];

        FloatConversion.Widen(TensorType.BFloat16, MemoryMarshal.AsBytes(all.AsSpan()), wide);

        for (int i = 0; i < all.Length; i++)
            Assert.Equal((uint)i << 16, BitConverter.SingleToUInt32Bits(wide[i]));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(1.0000000596046448)]            // 1 + 2^-24, halfway: to the even neighbour, 1
    [InlineData(1.0000001788139343)]            // 1 + 3 * 2^-24, halfway: to the even neighbour above
    [InlineData(1e-46)]                           // below the smallest subnormal
    [InlineData(-1e-40)]
    [InlineData(3.5e38)]                          // beyond float32
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    public void Widen_float64_rounds_to_nearest(double value)
    {
        double[] source = [.. Enumerable.Repeat(value, 19)];
        float[] narrow = new float[source.Length];

        FloatConversion.Widen(TensorType.Float64, MemoryMarshal.AsBytes(source.AsSpan()), narrow);

        Assert.All(narrow, number => Assert.Equal(BitConverter.SingleToUInt32Bits((float)value), BitConverter.SingleToUInt32Bits(number)));
    }

    [Fact]
    public void Widen_reads_every_length_and_no_more()
    {
        foreach (TensorType type in new[] { TensorType.Float32, TensorType.Float16, TensorType.BFloat16, TensorType.Float64 })
        {
            for (int length = 0; length < 70; length++)
            {
                byte[] source = new byte[length * type.Size()];
                new Random(length).NextBytes(source);
                float[] guarded = [.. Enumerable.Repeat(77f, length + 2)];

                FloatConversion.Widen(type, source, guarded.AsSpan(1, length));

                Assert.Equal(77f, guarded[0]);
                Assert.Equal(77f, guarded[^1]);
                for (int i = 0; i < length; i++)
                    Assert.Equal(Reference(type, source, i), guarded[i + 1]);
            }
        }
    }

    [Theory]
    [InlineData(0x3F80_0000u, 0x3F80)]   // 1
    [InlineData(0x3F80_7FFFu, 0x3F80)]   // just below half a step
    [InlineData(0x3F80_8000u, 0x3F80)]   // a tie goes to the even neighbour
    [InlineData(0x3F81_8000u, 0x3F82)]
    [InlineData(0x3F80_8001u, 0x3F81)]
    [InlineData(0xBF81_8000u, 0xBF82)]
    [InlineData(0x0000_0001u, 0x0000)]
    [InlineData(0x7F7F_FFFFu, 0x7F80)]   // beyond the largest bfloat16
    [InlineData(0x7F80_0000u, 0x7F80)]
    [InlineData(0xFF80_0000u, 0xFF80)]
    [InlineData(0x7F80_0001u, 0x7FC0)]   // NaN must not become infinity
    [InlineData(0xFFFF_FFFFu, 0xFFFF)]
    public void ToBf16_rounds_to_nearest_even(uint bits, int expected)
    {
        float[] source = [.. Enumerable.Repeat(BitConverter.UInt32BitsToSingle(bits), 37)];
        ushort[] narrow = new ushort[source.Length];

        FloatConversion.ToBf16(source, narrow);

        Assert.All(narrow, number => Assert.Equal(expected, number));
    }

    [Fact]
    public void ToBf16_undoes_the_widening_of_every_bfloat16()
    {
        float[] all = [.. Enumerable.Range(0, 1 << 16).Select(i => BitConverter.UInt32BitsToSingle((uint)i << 16))];
        ushort[] narrow = new ushort[all.Length];

        FloatConversion.ToBf16(all, narrow);

        for (int i = 0; i < all.Length; i++)
            Assert.Equal(float.IsNaN(all[i]) ? i | 0x40 : i, narrow[i]);
    }

    [Fact]
    public void FindNonFinite_finds_the_first_wherever_it_is()
    {
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            for (int length = 1; length < 40; length++)
            {
                for (int at = 0; at < length; at++)
                {
                    float[] numbers = [.. Enumerable.Repeat(float.MaxValue, length)];
                    numbers[at] = numbers[^1] = bad;
                    Assert.Equal(at, FloatConversion.FindNonFinite(numbers, bf16: false));
                }
                Assert.Equal(-1, FloatConversion.FindNonFinite(new float[length], bf16: false));
            }
        }
    }

    [Theory]
    [InlineData(0x7F7F_7FFFu, -1)]
    [InlineData(0x7F7F_8000u, 0)]
    public void FindNonFinite_for_bf16_knows_what_rounds_to_infinity(uint bits, int expected)
    {
        Assert.Equal(expected, FloatConversion.FindNonFinite([BitConverter.UInt32BitsToSingle(bits)], bf16: true));
        Assert.Equal(-1, FloatConversion.FindNonFinite([BitConverter.UInt32BitsToSingle(bits)], bf16: false));
    }

    private static float Reference(TensorType type, byte[] source, int i) => type switch
    {
        TensorType.Float32 => BitConverter.ToSingle(source, i * 4),
        TensorType.Float16 => (float)BitConverter.ToHalf(source, i * 2),
        TensorType.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(source, i * 2) << 16),
        _ => (float)BitConverter.ToDouble(source, i * 8),
    };
}
