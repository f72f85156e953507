using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Tests.Kernels;

public class AttentionCutTests
{
    [Fact]
    public void Blocks_hold_every_head_of_every_token_once_and_fit_the_scratch()
    {
        foreach (int tokens in new[] { 1, 2, 6, 7, 12, 100, 512 })
        {
            foreach ((int heads, int kvHeads) in new[] { (1, 1), (12, 12), (6, 3), (10, 2), (9, 1), (32, 4) })
            {
                foreach (int rows in new[] { 1, 2, 3, 4, 5, 6, 7, 24 })
                {
                    foreach (int threads in new[] { 1, 2, 16 })
                        AssertCovered(new AttentionCut(tokens, heads, kvHeads, rows, threads), tokens, heads, kvHeads, rows);
                }
            }
        }
    }

    [Fact]
    public void Blocks_of_a_prompt_cost_the_same_in_every_stretch()
    {
        const int tokens = 512, stretches = 8;
        var cut = new AttentionCut(tokens, headCount: 12, kvHeadCount: 12, rows: 24, threads: 2);
        long[] positions = new long[stretches];
        for (int i = 0; i < cut.Blocks; i++)
        {
            AttentionPart part = cut.Block(i);
            for (int t = part.FirstToken; t < part.EndToken; t++)
                positions[(long)i * stretches / cut.Blocks] += t + 1;
        }
        long mean = 12L * tokens * (tokens + 1) / 2 / stretches;
        Assert.All(positions, p => Assert.InRange(p, mean * 97 / 100, mean * 103 / 100));
    }

    [Fact]
    public void Blocks_of_one_token_keep_all_threads_busy()
    {
        Assert.Equal(8, new AttentionCut(tokens: 1, headCount: 8, kvHeadCount: 2, rows: 24, threads: 2).Blocks);
        Assert.Equal(2, new AttentionCut(tokens: 1, headCount: 8, kvHeadCount: 2, rows: 24, threads: 1).Blocks);
        Assert.Equal(8, new AttentionCut(tokens: 1, headCount: 32, kvHeadCount: 8, rows: 24, threads: 4).Blocks);
    }

    private static void AssertCovered(AttentionCut cut, int tokens, int heads, int kvHeads, int rows)
    {
        int[] seen = new int[tokens * heads];
        for (int i = 0; i < cut.Blocks; i++)
        {
            AttentionPart part = cut.Block(i);
            Assert.InRange((part.EndToken - part.FirstToken) * part.Heads, 1, rows);
            for (int t = part.FirstToken; t < part.EndToken; t++)
            {
                for (int h = part.FirstHead; h < part.FirstHead + part.Heads; h++)
                {
                    Assert.Equal(part.KvHead, h / (heads / kvHeads));
                    seen[t * heads + h]++;
                }
            }
        }
        Assert.All(seen, count => Assert.Equal(1, count));
    }
}
