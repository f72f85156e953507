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
    public void Windows_of_the_whole_context_are_the_tutorials(int tokens, int contextLength, int[] predictions)
    {
        ScoreWindow[] windows = [.. ScoreWindow.Strided(tokens, contextLength, contextLength)];
        Assert.Equal(predictions, windows.Select(window => window.Predictions));
        Assert.All(windows, window => Assert.Equal(0, window.Context));
        Assert.Equal(Enumerable.Range(0, windows.Length).Select(i => i * contextLength), windows.Select(window => window.First));
    }

    [Fact]
    public void Strided_windows_predict_every_token_but_the_first_once_and_from_as_much_as_they_can()
    {
        for (int contextLength = 1; contextLength <= 6; contextLength++)
        {
            for (int stride = 1; stride <= contextLength; stride++)
            {
                for (int tokens = 0; tokens < 20; tokens++)
                {
                    ScoreWindow[] windows = [.. ScoreWindow.Strided(tokens, contextLength, stride)];
                    IEnumerable<int> predicted = windows.SelectMany(window => Enumerable.Range(window.FirstPredicted, window.Predictions));
                    Assert.Equal(Enumerable.Range(1, Math.Max(0, tokens - 1)), predicted);
                    for (int i = 0; i < windows.Length; i++)
                    {
                        (int first, int context, int predictions) = windows[i];
                        Assert.Equal(i * stride, first);
                        Assert.Equal(i == 0 ? 0 : contextLength - stride, context);
                        Assert.InRange(context + predictions, 1, contextLength);
                        Assert.Equal((first, first + context + predictions + 1), (windows[i].Tokens.Start.Value, windows[i].Tokens.End.Value));
                        Assert.True(context + predictions == contextLength || i == windows.Length - 1, "only the last window may be shorter");
                    }
                }
            }
        }
    }

    [Fact]
    public void Strided_near_the_largest_text_does_not_overflow() =>
        Assert.Equal(
            new ScoreWindow(0, 0, int.MaxValue - 2),
            ScoreWindow.Strided(int.MaxValue, int.MaxValue - 2, int.MaxValue - 2).First());

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(5)]
    public void Stride_that_is_none_is_refused(int stride) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ScoreWindow.Strided(9, 4, stride));
}
