using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.Model;

public class TokenBatchTests
{
    [Fact]
    public void IsPrompt_tells_several_tokens_of_a_prompt_from_a_step_with_guesses()
    {
        using KvCache one = new(TinyModels.Config), two = new(TinyModels.Config), three = new(TinyModels.Config);
        var batch = new TokenBatch();
        batch.Add(one, [1]);
        batch.AddStep(two, [1, 2, 3]);
        Assert.False(batch.IsPrompt);
        Assert.Equal((4, 4), (batch.TokenCount, batch.LogitRowCount));

        batch.Add(three, [1, 2]);
        Assert.True(batch.IsPrompt);

        batch.Clear();
        Assert.False(batch.IsPrompt);
        Assert.Throws<ArgumentException>(() => batch.AddStep(one, []));
    }
}
