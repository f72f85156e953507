namespace MyGpt.Checkpoints;

/// <summary>Collects what a conversion finds out.</summary>
internal sealed class Report
{
    private readonly List<ReportLine> _lines = [];

    /// <summary>Everything so far.</summary>
    public IReadOnlyList<ReportLine> Lines => _lines;

    /// <summary>Something was read from the checkpoint.</summary>
    public void Found(string text) => _lines.Add(new ReportLine(ReportKind.Found, text));

    /// <summary>Something is not in the checkpoint; the text says what was taken and why.</summary>
    public void Assumed(string text) => _lines.Add(new ReportLine(ReportKind.Assumed, text));

    /// <summary>Something is in the checkpoint and was deliberately not converted.</summary>
    public void LeftOut(string text) => _lines.Add(new ReportLine(ReportKind.LeftOut, text));

    /// <summary>The user should know something before relying on the result.</summary>
    public void Warning(string text) => _lines.Add(new ReportLine(ReportKind.Warning, text));

    /// <summary>The texts of one kind.</summary>
    public IEnumerable<string> Of(ReportKind kind) => _lines.Where(line => line.Kind == kind).Select(line => line.Text);
}
