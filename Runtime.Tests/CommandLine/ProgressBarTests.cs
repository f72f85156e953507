using MyGpt.Checkpoints;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.Runtime.Tests.CommandLine;

public class ProgressBarTests
{
    [Theory]
    [InlineData(0, 80, "[..............................]   0 % of 498.0 MB")]
    [InlineData(249_000_000, 80, "[###############...............]  50 % of 498.0 MB")]
    [InlineData(497_999_999, 80, "[#############################.]  99 % of 498.0 MB")]
    [InlineData(498_000_000, 80, "[##############################] 100 % of 498.0 MB")]
    [InlineData(248_000_000, 30, "[####.....]  49 % of 498.0 MB")]
    [InlineData(249_000_000, 22, "[.]  50 % of 498.0 MB")]
    [InlineData(249_000_000, 21, " 50 % of 498.0 MB")]
    [InlineData(249_000_000, 18, " 50 % of 498.0 MB")]
    [InlineData(249_000_000, 17, " 50 %")]
    [InlineData(249_000_000, 1, " 50 %")]
    public void Text_fits_the_terminal(long written, int width, string needed)
    {
        string text = ProgressBar.Text(new ConversionProgress(written, 498_000_000), width);
        Assert.Equal(needed, text);
        Assert.True(text.Length < width || text.Length == "100 %".Length);
    }

    [Fact]
    public void Report_draws_what_has_changed_and_Dispose_erases_it()
    {
        using var error = new StringWriter();
        using (var bar = new ProgressBar(Console(error, isTerminal: true)))
        {
            for (int i = 0; i <= 10_000; i++)
                bar.Report(new ConversionProgress(i, 10_000));
        }
        string[] drawn = error.ToString().Split('\r');
        Assert.Equal("", drawn[0]);
        Assert.InRange(drawn.Count(text => text.Contains('%', StringComparison.Ordinal)), 101, 131);   // each share, each length of the bar
        Assert.Equal([new string(' ', drawn[1].Length), ""], drawn[^2..]);
        Assert.DoesNotContain('\e', error.ToString());
        Assert.Single(drawn[1..^1].Select(text => text.Length).Distinct());
    }

    [Fact]
    public void Report_says_nothing_where_standard_error_is_no_terminal()
    {
        using var error = new StringWriter();
        using (var bar = new ProgressBar(Console(error, isTerminal: false)))
            bar.Report(new ConversionProgress(1, 2));
        Assert.Equal("", error.ToString());
    }

    private static CommandConsole Console(TextWriter error, bool isTerminal) => new()
    {
        Input = Stream.Null,
        Output = Stream.Null,
        Error = error,
        ErrorIsTerminal = isTerminal,
        WatchInterrupt = () => CancellationToken.None,
    };
}
