using MyGpt.Runtime.Generation;

namespace MyGpt.Runtime.Tests.Generation;

public class RepetitionTests
{
    [Theory]
    [InlineData(new[] { 1 }, -1)]
    [InlineData(new[] { 1, 1 }, -1)]
    [InlineData(new[] { 1, 1, 1 }, 2)]
    [InlineData(new[] { 1, 2, 3, 1, 2 }, 2)]
    [InlineData(new[] { 1, 2, 3, 4, 2 }, -1)]                       // one equal token is none
    [InlineData(new[] { 1, 2, 7, 1, 2, 8, 1, 2 }, 5)]               // the nearest of equals
    [InlineData(new[] { 0, 1, 2, 7, 5, 1, 2, 8, 0, 1, 2 }, 3)]      // the longest
    [InlineData(new[] { 9, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5, 6, 7, 8 }, 18)]   // eight are enough
    public void Find_gives_what_followed(int[] sequence, int expected) => Assert.Equal(expected, Repetition.Find(sequence));

    [Fact]
    public void Find_equals_a_plain_search()
    {
        var random = new Random(1);
        for (int i = 0; i < 3000; i++)
        {
            int[] sequence = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(1, 4))];
            Assert.Equal(Reference(sequence), Repetition.Find(sequence));
        }
    }

    private static int Reference(int[] sequence)
    {
        for (int match = 8; match >= 2; match--)
        {
            for (int end = sequence.Length - 1; end >= match; end--)
            {
                if (sequence[(end - match)..end].SequenceEqual(sequence.TakeLast(match)))
                    return end;
            }
        }
        return -1;
    }
}
