using System.Text;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

public sealed class Crc32CTests
{
    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("a", 0xC1D04330u)]
    [InlineData("123456789", 0xE3069283u)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x22620404u)]
    public void Value_is_the_published_checksum(string text, uint expected)
    {
        Crc32C checksum = default;
        checksum.Append(Encoding.ASCII.GetBytes(text));
        Assert.Equal(expected, checksum.Value);
    }

    [Fact]
    public void Value_of_32_zeros_is_that_of_RFC_3720()
    {
        Crc32C checksum = default;
        checksum.Append(new byte[32]);
        Assert.Equal(0x8A9136AAu, checksum.Value);
    }

    [Fact]
    public void Append_in_any_pieces_equals_one_piece()
    {
        byte[] bytes = new byte[61];
        new Random(1).NextBytes(bytes);
        Crc32C whole = default;
        whole.Append(bytes);
        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            for (int second = cut; second <= bytes.Length; second += 7)
            {
                Crc32C pieces = default;
                pieces.Append(bytes.AsSpan(0, cut));
                pieces.Append(bytes.AsSpan(cut, second - cut));
                pieces.Append(bytes.AsSpan(second));
                Assert.Equal(whole.Value, pieces.Value);
            }
        }
    }
}
