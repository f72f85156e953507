using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Tests.Sampling;

public class RandomSourceTests
{
    // The known-answer vectors that Random123, the authors' own library, publishes for philox4x32 with 10 rounds.
    public static TheoryData<uint[], uint[], uint[]> KnownAnswers => new()
    {
        { [0, 0, 0, 0], [0, 0], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
        {
            [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff],
            [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]
        },
        {
            [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0],
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        },
    };

    [Theory]
    [MemberData(nameof(KnownAnswers))]
    public void Scramble_matches_published_vectors(uint[] counter, uint[] key, uint[] expected)
    {
        PhiloxBlock actual = new PhiloxBlock(counter[0], counter[1], counter[2], counter[3]).Scramble(key[0] | ((ulong)key[1] << 32));

        Assert.Equal(new PhiloxBlock(expected[0], expected[1], expected[2], expected[3]), actual);
    }

    [Fact]
    public void NextUnit_first_draw_of_seed_0_is_the_first_vector()
    {
        double expected = Math.ScaleB(0xe169c58d_6627e8d5UL >> 11, -53);

        Assert.Equal(expected, new RandomSource(0).NextUnit());
    }

    [Fact]
    public void NextUnit_counts_draws_in_the_low_words_and_streams_in_the_high_ones()
    {
        const ulong Seed = 0x299f31d0_a4093822, Stream = 0x03707344_13198a2e;
        var random = new RandomSource(Seed, Stream);
        random.NextUnit();
        random.NextUnit();

        PhiloxBlock words = new PhiloxBlock(2, 0, 0x13198a2e, 0x03707344).Scramble(Seed);
        Assert.Equal(2UL, random.Position);
        Assert.Equal(Math.ScaleB((words.Word0 | ((ulong)words.Word1 << 32)) >> 11, -53), random.NextUnit());
    }

    [Fact]
    public void NextUnit_differs_between_seeds_and_between_streams()
    {
        double[] firsts = [.. Enumerable.Range(0, 100).Select(i => new RandomSource((ulong)i, 0).NextUnit())];
        double[] streams = [.. Enumerable.Range(0, 100).Select(i => new RandomSource(0, (ulong)i).NextUnit())];

        Assert.Equal(199, firsts.Concat(streams).Distinct().Count());
    }

    [Fact]
    public void NextUnit_is_uniform_and_stays_below_1()
    {
        const int Draws = 100_000, Bins = 64;
        var random = new RandomSource(1234, 5);
        int[] counts = new int[Bins];
        for (int i = 0; i < Draws; i++)
        {
            double unit = random.NextUnit();
            Assert.InRange(unit, 0, Math.BitDecrement(1.0));
            counts[(int)(unit * Bins)]++;
        }

        double chiSquare = counts.Sum(count => Math.Pow(count - ((double)Draws / Bins), 2)) / ((double)Draws / Bins);
        Assert.InRange(chiSquare, 32, 104);   // 63 degrees of freedom: 99.9 % of seeds lie within
    }

    [Fact]
    public void NewSeed_differs_from_call_to_call()
    {
        ulong[] seeds = [.. Enumerable.Range(0, 8).Select(_ => RandomSource.NewSeed())];

        Assert.True(seeds.Distinct().Count() > 1);
        Assert.All(seeds, seed => Assert.True(seed <= uint.MaxValue));
    }
}
