using MyGpt.Checkpoints.Tensors;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// What a stored table of angles says about a model's rotary positions. The angle of pair i at position p is p * base^(-2i/HS)
/// (Su et al. 2021, arXiv:2104.09864).
/// </summary>
/// <param name="HeadDim">HS.</param>
/// <param name="ContextLength">T_max; null when the table has no rows for positions.</param>
/// <param name="Base">The base; null when HS = 2, where it has no effect.</param>
/// <param name="Layout">Which elements are pairs; null when the table has each angle once.</param>
/// <param name="Name">The tensor's name, for messages.</param>
internal sealed record RotaryTable(int HeadDim, int? ContextLength, float? Base, PositionKind? Layout, string Name)
{
    private const double Tolerance = 1e-4;

    // Bases in use; a base computed back from rounded angles is taken for one of these when it is as near as rounding leaves it.
    private static readonly float[] KnownBases = [10_000, 100, 1_000, 50_000, 100_000, 500_000, 1_000_000];

    /// <summary>Reads a table.</summary>
    /// <param name="kind">Its name without the module's.</param>
    /// <param name="tensor">Cosines or sines of (T, HS / 2) or (T, HS), or frequencies of (HS / 2).</param>
    /// <exception cref="CheckpointException">Its numbers are none of these.</exception>
    public static RotaryTable Read(string kind, StoredTensor tensor)
    {
        bool frequencies = kind == "inv_freq";
        if (tensor.Shape.Count != (frequencies ? 1 : 2) || tensor.Shape.Any(static size => size is < 1 or > 1 << 20))
            throw Unknown(tensor, $"shape {Printable.Shape(tensor.Shape)}");
        double[] row = ReadRow(tensor, frequencies ? 0 : Math.Min(1, tensor.Shape[0] - 1));
        if (!frequencies && tensor.Shape[0] < 2)
            return new RotaryTable(2 * row.Length, (int)tensor.Shape[0], null, null, tensor.Name);
        Func<double, double> angle = frequencies ? static x => x : kind.Contains("sin", StringComparison.Ordinal) ? Math.Asin : Math.Acos;
        double[] angles = [.. row.Select(angle)];
        if (Math.Abs(angles[0] - 1) > Tolerance)
            throw Unknown(tensor, $"an angle of {angles[0]} for the first pair at position 1");

        PositionKind? layout = frequencies || angles.Length < 2 || angles.Length % 2 != 0 ? null : LayoutOf(angles);
        double[] pairs = layout switch
        {
            PositionKind.RotaryPairs => [.. angles.Where((_, i) => i % 2 == 0)],
            PositionKind.RotaryHalves => angles[..(angles.Length / 2)],
            _ => angles,
        };
        return new RotaryTable(2 * pairs.Length, frequencies ? null : (int)tensor.Shape[0], BaseOf(pairs, tensor), layout, tensor.Name);
    }

    /// <summary>Two tables of one model must say the same.</summary>
    /// <exception cref="CheckpointException">They do not.</exception>
    public static RotaryTable Combine(RotaryTable? one, RotaryTable other) =>
        one is null || (one with { ContextLength = null, Name = "" }) == (other with { ContextLength = null, Name = "" })
            ? other with { ContextLength = other.ContextLength ?? one?.ContextLength }
            : throw new CheckpointException($"the tables of angles {Printable.Quote(one.Name)} and {Printable.Quote(other.Name)} contradict each other");

    // Each angle is there twice: beside itself, or half a row further.
    private static PositionKind? LayoutOf(double[] angles)
    {
        int half = angles.Length / 2;
        if (angles.Length > 2 && Near(angles[0], angles[1]))
            return PositionKind.RotaryPairs;
        return Near(angles[0], angles[half]) ? PositionKind.RotaryHalves : null;
    }

    private static float? BaseOf(double[] pairs, StoredTensor tensor)
    {
        if (pairs.Length < 2)
            return null;
        double found = Math.Pow(pairs[1], -pairs.Length);
        double exact = KnownBases.Select(known => (double)known).FirstOrDefault(known => Math.Abs((found / known) - 1) < 1e-3, found);
        for (int i = 0; i < pairs.Length; i++)
        {
            if (!Near(pairs[i], Math.Pow(exact, -(double)i / pairs.Length)))
                throw Unknown(tensor, $"an angle of {pairs[i]} for pair {i} at position 1");
        }
        return (float)exact;
    }

    private static double[] ReadRow(StoredTensor tensor, long row)
    {
        double[] numbers = [];
        long columns = tensor.Shape[^1];
        new RowReader().Read(tensor, (first, column, tile) =>
        {
            if (column == 0 && first <= row && (row - first + 1) * columns <= tile.Length)
                numbers = [.. tile.Slice((int)((row - first) * columns), (int)columns).ToArray().Select(number => (double)number)];
        });
        return numbers.Length > 0 ? numbers : throw Unknown(tensor, $"rows of {columns}");
    }

    private static bool Near(double one, double other) => Math.Abs(one - other) <= Tolerance * (1 + Math.Abs(other));

    private static CheckpointException Unknown(StoredTensor tensor, string found) =>
        new($"tensor {Printable.Quote(tensor.Name)}: {found} found; by its name it is a table of the angles of rotary positions, and those differ");
}
