namespace MyGpt.CommandLine.Terminal;

/// <summary>Rows of cells, each column as wide as its widest cell.</summary>
/// <param name="rightAligned">For each column whether it holds numbers; the last column is never padded.</param>
internal sealed class TextTable(params bool[] rightAligned)
{
    private readonly List<string[]> _rows = [];

    /// <summary>Adds a row with one cell for each column.</summary>
    public void Add(params string[] cells)
    {
        if (cells.Length != rightAligned.Length)
            throw new ArgumentException($"{cells.Length} cells for {rightAligned.Length} columns.", nameof(cells));
        _rows.Add(cells);
    }

    /// <summary>Writes all rows, two spaces between columns.</summary>
    public void Write(TextWriter output)
    {
        int[] widths = new int[rightAligned.Length];
        foreach (string[] row in _rows)
        {
            for (int i = 0; i < widths.Length; i++)
                widths[i] = Math.Max(widths[i], row[i].Length);
        }
        foreach (string[] row in _rows)
            output.WriteLine(string.Join("  ", row.Select((cell, i) => Aligned(cell, i, widths[i]))).TrimEnd());
    }

    private string Aligned(string cell, int column, int width) => rightAligned[column] ? cell.PadLeft(width) : cell.PadRight(width);
}
