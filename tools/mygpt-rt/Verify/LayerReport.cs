using System.Globalization;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>The comparison of a model's operations as a table, and one line that names the first that diverges.</summary>
internal static class LayerReport
{
    /// <summary>Writes both, and an empty line.</summary>
    public static void Print(LayerVerification layers, TextWriter output)
    {
        var table = new TextTable(false, true, true, true, true, true, true, false);
        table.Add("operation", "largest |value|", "max |difference|", "limit", "RMS", "limit", "of the limits", "");
        foreach (OperationResult operation in layers.Operations)
        {
            table.Add(
                operation.Spec.Name,
                Figures.Small(operation.Largest),
                Figures.Small(operation.MaxDifference, operation.Limit),
                Limit(operation.Limit, operation.MaxDifference),
                Figures.Small(operation.RmsDifference, operation.RmsLimit),
                Limit(operation.RmsLimit, operation.RmsDifference),
                operation.LimitShare is { } share ? Percent(share) : "-",
                operation.Limit is null ? "" : operation.Diverges ? "diverges" : "ok");
        }
        table.Write(output);
        output.WriteLine();
        output.WriteLine(Conclusion(layers));
        output.WriteLine();
    }

    /// <summary>The line.</summary>
    public static string Conclusion(LayerVerification layers)
    {
        if (layers.First is { } first)
        {
            string most = $"max |difference| {Figures.Small(first.MaxDifference, first.Limit)}{Where(first)}, limit {Limit(first.Limit, first.MaxDifference)}";
            string rms = first.RmsLimit is null
                ? ""
                : $"; RMS {Figures.Small(first.RmsDifference, first.RmsLimit)}, limit {Limit(first.RmsLimit, first.RmsDifference)}";
            return $"first to diverge: {Place(first)}: {most}{rms}{Gap(layers.NotComparedBefore)}";
        }
        OperationResult closest = layers.Operations.MaxBy(operation => operation.LimitShare ?? 0)!;
        return closest.LimitShare is { } share
            ? $"no operation diverges; the closest to a limit: {Place(closest)}, {Percent(share)} of it"
            : "no limit applies, so none is said to diverge";
    }

    private static string Gap(IReadOnlyList<OperationSpec> missing)
    {
        string names = missing.Count switch
        {
            0 => "",
            1 => missing[0].Name,
            2 => $"{missing[0].Name} and {missing[1].Name}",
            _ => $"{missing[0].Name} to {missing[^1].Name} ({Figures.Count(missing.Count)} operations)",
        };
        return missing.Count == 0 ? "" : $"; {names} before it {(missing.Count == 1 ? "is" : "are")} not in the reference: the cause may be there";
    }

    private static string Place(OperationResult operation) => operation.Spec.Layer is { } layer
        ? $"layer {layer.ToString(CultureInfo.InvariantCulture)}, operation {operation.Spec.Name}"
        : $"operation {operation.Spec.Name}";

    private static string Where(OperationResult operation) => operation.Where is { } where
        ? string.Create(CultureInfo.InvariantCulture, $" (case '{Messages.OneLine(where.Case)}', position {where.Position}, value {where.Index})")
        : "";

    private static string Limit(double? limit, double found) => limit is { } most ? Figures.Small(most, found) : "-";

    // Close to the limit with more digits: 100.2 % is no 100 %. The verdict says on which side it is.
    private static string Percent(double share) => share < 10
        ? share.ToString(Math.Abs(share - 1) < 0.005 ? "0.00 %" : "0 %", CultureInfo.InvariantCulture)
        : $"{share.ToString("0", CultureInfo.InvariantCulture)} x";
}
