namespace MyGpt.Checkpoints;

/// <summary>Collects what a conversion finds out.</summary>
internal sealed class Report
{
    /// <summary>Stands between the two halves of a <see cref="ReportKind.Placed"/> line; the second half never holds one.</summary>
    public const string PlacedArrow = " -> ";

    private readonly List<ReportLine> _lines = [];
    private readonly HashSet<(string Found, string Became)> _placed = [];

    /// <summary>Everything so far.</summary>
    public IReadOnlyList<ReportLine> Lines => _lines;

    /// <summary>Something was read from the checkpoint.</summary>
    public void Found(string text) => _lines.Add(new ReportLine(ReportKind.Found, text));

    /// <summary>Something is not in the checkpoint; the text says what was taken and why.</summary>
    public void Assumed(string text) => _lines.Add(new ReportLine(ReportKind.Assumed, text));

    /// <summary>Something is in the checkpoint and was deliberately not converted.</summary>
    public void LeftOut(string text) => _lines.Add(new ReportLine(ReportKind.LeftOut, text));

    /// <summary>A tensor of the checkpoint has a place in weights.bin. Layers alike are one line: what is there already is not added.</summary>
    /// <param name="found">Its name and shape, ready to print, N for the layer: <c>h.N.attn.c_attn.weight (192, 64)</c>.</param>
    /// <param name="became">Where it goes: <c>blocks.N.attention.qkv.weight</c>, or which part of it.</param>
    public void Placed(string found, string became)
    {
        if (_placed.Add((found, became)))
            _lines.Add(new ReportLine(ReportKind.Placed, found + PlacedArrow + became));
    }

    /// <summary>The user should know something before relying on the result.</summary>
    public void Warning(string text) => _lines.Add(new ReportLine(ReportKind.Warning, text));

    /// <summary>The texts of one kind.</summary>
    public IEnumerable<string> Of(ReportKind kind) => _lines.Where(line => line.Kind == kind).Select(line => line.Text);
}
