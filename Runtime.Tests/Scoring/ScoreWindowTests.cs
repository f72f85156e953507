using MyGpt.Runtime.Scoring;

namespace MyGpt.Runtime.Tests.Scoring;

public class ScoreWindowTests
{
    [Theory]
    [InlineData(0, 4, new int[0])]
    [InlineData(1, 4, new int[0])]
    [InlineData(2, 4, new[] { 1 })]
    [InlineData(5, 4, new[] { 4 })]
    [InlineData(6, 4, new[] { 4, 1 })]
    [InlineData(13, 4, new[] { 4, 4, 4 })]
    [InlineData(4, 1, new[] { 1, 1, 1 })]
    public void Consecutive_windows_predict_every_token_but_the_first_once(int tokens, int contextLength, int[] predictions)
    {
        ScoreWindow[] windows = [.. ScoreWindow.Consecutive(tokens, contextLength)];
        Assert.Equal(predictions, windows.Select(window => window.Predictions));
        Assert.Equal(Enumerable.Range(1, Math.Max(0, tokens - 1)), windows.SelectMany(window => Enumerable.Range(window.First + 1, window.Predictions)));
        int[] text = [.. Enumerable.Range(0, tokens)];
        Assert.All(windows, window => Assert.Equal(Enumerable.Range(window.First, window.Predictions + 1), text[window.Tokens]));
    }
}
