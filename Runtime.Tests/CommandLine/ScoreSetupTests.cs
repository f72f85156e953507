using MyGpt.CommandLine.Score;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;

namespace MyGpt.Runtime.Tests.CommandLine;

public class ScoreSetupTests
{
    [Theory]
    [InlineData(999, null, "speed                   too short a run to time\n")]
    [InlineData(1000, 300.0, "speed              300  tokens/s\n")]
    [InlineData(2000, 150.0, "speed              150  tokens/s\n")]
    public void Speed_is_shown_of_a_run_of_a_second_or_more(int milliseconds, double? speed, string line)
    {
        var setup = new ScoreSetup(ContextLength: 8, Stride: 8, KvType.F32, Threads: 1, TimeSpan.FromMilliseconds(milliseconds));
        Assert.Equal(speed, setup.Speed(300));
        var score = new TextScore(8);
        for (int i = 0; i < 300; i++)
            score.Add(1, 1);
        using var output = new StringWriter { NewLine = "\n" };
        new ScoreReport(score, setup).Print(output);
        Assert.EndsWith(line, output.ToString(), StringComparison.Ordinal);
    }
}
