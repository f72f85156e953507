using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;

namespace MyGpt.CommandLine.Verify;

/// <summary>A verification as a text and as JSON.</summary>
/// <param name="result">What was found.</param>
/// <param name="isExact">Whether argmax and greedy text are judged too.</param>
internal sealed class VerificationReport(Verification result, bool isExact)
{
    private const string Green = "\e[32m", Red = "\e[31m", Reset = "\e[0m";

    /// <summary>Writes a table of cases, one of continuations, and the verdict as the last line.</summary>
    public void Print(CommandConsole console)
    {
        using StreamWriter output = console.OutputText();
        if (result.Cases.Count > 0)
        {
            var cases = new TextTable(false, true, true, true, false);
            cases.Add("case", "max |difference|", "limit", "other argmax", "");
            foreach (CaseResult item in result.Cases)
            {
                bool holds = item.MaxAbsDifference <= result.Limit && (item.ArgMaxMismatches == 0 || !isExact);
                cases.Add(
                    Messages.OneLine(item.Name),
                    Figures.Small(item.MaxAbsDifference),
                    result.Limit is { } limit ? Figures.Small(limit) : "-",
                    string.Create(CultureInfo.InvariantCulture, $"{item.ArgMaxMismatches} of {item.Positions}"),
                    Verdict(holds, result.Limit is not null));
            }
            cases.Write(output);
            output.WriteLine();
        }
        if (result.Greedy.Count > 0)
        {
            var greedy = new TextTable(false, true, false);
            greedy.Add("greedy", "same tokens", "");
            foreach (GreedyResult item in result.Greedy)
            {
                greedy.Add(Messages.OneLine(item.Name), string.Create(CultureInfo.InvariantCulture, $"{item.SameTokens} of {item.Length}"),
                    Verdict(item.Identical, isExact));
            }
            greedy.Write(output);
            output.WriteLine();
        }
        string verdict = result.IsJudged ? result.Pass ? "PASS" : "FAIL" : "NOT JUDGED";
        bool color = console is { OutputIsTerminal: true, ColorAllowed: true };
        output.WriteLine(color ? $"{(result.Pass ? Green : Red)}{verdict}{Reset}" : verdict);
    }

    /// <summary>Writes the members of the JSON object.</summary>
    /// <remarks>JSON has no infinity: a logit that is not a number makes the difference null.</remarks>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteBoolean("pass", result.Pass);
        json.WriteStartArray("cases");
        foreach (CaseResult item in result.Cases)
        {
            json.WriteStartObject();
            json.WriteString("name", item.Name);
            Number(json, "max_abs_diff", double.IsFinite(item.MaxAbsDifference) ? item.MaxAbsDifference : null);
            Number(json, "limit", result.Limit);
            json.WriteNumber("argmax_mismatches", item.ArgMaxMismatches);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("greedy");
        foreach (GreedyResult item in result.Greedy)
        {
            json.WriteStartObject();
            json.WriteString("name", item.Name);
            json.WriteBoolean("identical", item.Identical);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static string Verdict(bool holds, bool isJudged) => isJudged ? holds ? "ok" : "differs" : "";

    private static void Number(Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
