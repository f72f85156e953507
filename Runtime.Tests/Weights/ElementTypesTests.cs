using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

public sealed class ElementTypesTests
{
    [Theory]
    [InlineData(0, 0, 0, 0, 0)]
    [InlineData(1, 4, 2, 34, 18)]
    [InlineData(10, 40, 20, 34, 18)]
    [InlineData(31, 124, 62, 34, 18)]
    [InlineData(32, 128, 64, 34, 18)]
    [InlineData(33, 132, 66, 68, 36)]
    [InlineData(51, 204, 102, 68, 36)]
    [InlineData(768, 3072, 1536, 816, 432)]
    public void RowBytes_of_blocks_are_whole_blocks(long columns, long f32, long bf16, long q8, long q4)
    {
        Assert.Equal(f32, ElementType.F32.RowBytes(columns));
        Assert.Equal(bf16, ElementType.Bf16.RowBytes(columns));
        Assert.Equal(q8, ElementType.Q8.RowBytes(columns));
        Assert.Equal(q4, ElementType.Q4.RowBytes(columns));
    }

    [Fact]
    public void IsNarrowerThan_goes_by_the_bytes_of_a_weight()
    {
        ElementType[] types = [ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4];   // from the widest
        Assert.Equal([4, 2, 1.0625, 0.5625], types.Select(ElementTypes.BytesPerElement));
        for (int i = 0; i < types.Length; i++)
        {
            for (int j = 0; j < types.Length; j++)
                Assert.Equal(i > j, types[i].IsNarrowerThan(types[j]));
        }
    }

    [Fact]
    public void RowBytes_beyond_a_long_overflow()
    {
        foreach (ElementType type in Enum.GetValues<ElementType>().Where(type => type is not (ElementType.Q4 or ElementType.U8)))
            Assert.Throws<OverflowException>(() => type.RowBytes(long.MaxValue));
        Assert.Equal(((long.MaxValue / 32) + 1) * 18, ElementType.Q4.RowBytes(long.MaxValue));
    }
}
