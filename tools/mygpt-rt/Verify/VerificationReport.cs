using System.Globalization;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;

namespace MyGpt.CommandLine.Verify;

/// <summary>A verification as tables and a verdict.</summary>
/// <param name="result">What was found.</param>
/// <param name="isExact">Whether argmax and greedy text are judged too.</param>
internal sealed class VerificationReport(Verification result, bool isExact)
{
    private const string Green = "\e[32m", Red = "\e[31m", Reset = "\e[0m";

    /// <summary>Writes the tables, and the verdict as the last line.</summary>
    public void Print(CommandConsole console)
    {
        using StreamWriter output = console.OutputText();
        if (result.Cases.Count > 0)
        {
            PrintCases(output);
            PrintUlps(output);
        }
        if (result.Layers is { } layers)
            LayerReport.Print(layers, output);
        if (result.Greedy.Count > 0)
            PrintGreedy(output);
        string verdict = result.IsJudged ? result.Pass ? "PASS" : "FAIL" : "NOT JUDGED";
        bool color = console is { OutputIsTerminal: true, ColorAllowed: true };
        output.WriteLine(color ? $"{(result.Pass ? Green : Red)}{verdict}{Reset}" : verdict);
    }

    private void PrintCases(StreamWriter output)
    {
        var table = new TextTable(false, true, true, true, true, true, true, true, true, true, false);
        table.Add("case", "max |difference|", "mean", "RMS", "limit", "other argmax", "same top-20", "equal sets", "mean KL", "max KL", "");
        foreach (CaseResult item in result.Cases)
            Add(table, Messages.OneLine(item.Name), item.Figures);
        if (result.Cases.Count > 1)
            Add(table, "all", result.Total);
        table.Write(output);
        output.WriteLine();
    }

    private void Add(TextTable table, string name, LogitFigures figures)
    {
        bool holds = figures.MaxDifference <= result.Limit && (figures.ArgMaxMismatches == 0 || !isExact);
        table.Add(
            name,
            Figures.Small(figures.MaxDifference, result.Limit),
            Figures.Small(figures.MeanDifference),
            Figures.Small(figures.RmsDifference),
            result.Limit is { } limit ? Figures.Small(limit, figures.MaxDifference) : "-",
            Of(figures.ArgMaxMismatches, figures.ArgMaxPositions),
            Of(figures.TopShared, figures.TopWanted),
            Of(figures.EqualTopRows, figures.Rows),
            Figures.Small(figures.MeanDivergence),
            Figures.Small(figures.MaxDivergence),
            Verdict(holds, result.Limit is not null));
    }

    private void PrintUlps(StreamWriter output)
    {
        var table = new TextTable(true, true, true);
        table.Add("units in the last place", "logits", "share");
        foreach (UlpBin bin in result.Total.Ulps.Bins)
        {
            string distance = bin.From == bin.To ? Figures.Count(bin.From) : $"{Figures.Count(bin.From)} to {Figures.Count(bin.To)}";
            table.Add(distance, Figures.Count(bin.Count), Share(bin.Count));
        }
        if (result.Total.NotFinite > 0)
            table.Add("not finite", Figures.Count(result.Total.NotFinite), Share(result.Total.NotFinite));
        table.Write(output);
        output.WriteLine();
    }

    private void PrintGreedy(StreamWriter output)
    {
        var greedy = new TextTable(false, true, false);
        greedy.Add("greedy", "same tokens", "");
        foreach (GreedyResult item in result.Greedy)
            greedy.Add(Messages.OneLine(item.Name), Of(item.SameTokens, item.Length), Verdict(item.Identical, isExact));
        greedy.Write(output);
        output.WriteLine();
    }

    private string Share(long count) => ((double)count / result.Total.Count).ToString("0.00 %", CultureInfo.InvariantCulture);

    private static string Of(long part, long whole) => string.Create(CultureInfo.InvariantCulture, $"{part} of {whole}");

    private static string Verdict(bool holds, bool isJudged) => isJudged ? holds ? "ok" : "differs" : "";
}
