using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Generation;

namespace MyGpt.CommandLine.Verbs;

/// <summary>Counts and rates of a run, on standard error.</summary>
internal static class StatisticsText
{
    /// <summary>Prints them as a small table.</summary>
    public static void Print(GenerationStatistics statistics, GenerationOptions options, double openMilliseconds, CommandConsole console)
    {
        var table = new TextTable(false, true, false, true, false);
        table.Add("prompt", Figures.Count(statistics.PromptTokens), "tokens", Figures.Rate(statistics.PrefillTokensPerSecond), "tokens/s");
        table.Add("generated", Figures.Count(statistics.NewTokens), "tokens", "", "");   // the first of a sample comes from the prompt's pass
        table.Add("decoded", Figures.Count(statistics.DecodedTokens), "tokens", Figures.Rate(statistics.DecodeTokensPerSecond), "tokens/s");
        if (options.Speculate > 0)
        {
            table.Add("decoded in", Figures.Count(statistics.DecodeSteps), "steps", "", "");
            table.Add("guessed right", Figures.Count(statistics.AcceptedTokens), "tokens", Figures.Count(statistics.ProposedTokens), "guessed");
        }
        if (statistics.PastWindowTokens > 0)
        {
            table.Add("past the window", Figures.Count(statistics.PastWindowTokens), "tokens",
                Figures.Rate(statistics.PastWindowTokensPerSecond), "tokens/s");
        }
        table.Add("opened in", "", "", Figures.Rate(openMilliseconds), "ms");
        table.Add("first token after", "", "", Figures.Rate(statistics.TimeToFirstToken.TotalMilliseconds), "ms");
        table.Write(console.Error);
    }
}
