using MyGpt.Checkpoints.Tensors;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// What a stored table of angles says about a model's rotary positions. The angle of pair i at position p is p * base^(-2i/HS)
/// (Su et al. 2021, arXiv:2104.09864), and every number of the table is held against that.
/// </summary>
/// <param name="HeadDim">HS.</param>
/// <param name="ContextLength">T_max; null when the table has no rows for positions.</param>
/// <param name="Base">The base; null when HS = 2, where it has no effect.</param>
/// <param name="BaseError">How far it may be off, relative to it.</param>
/// <param name="Layout">Which elements are pairs; null when the table has each angle once.</param>
/// <param name="Name">The tensor's name, for messages.</param>
internal sealed record RotaryTable(int HeadDim, int? ContextLength, float? Base, double BaseError, PositionKind? Layout, string Name)
{
    // Bases in use. A base that is computed back from rounded numbers is one of these, or an integer, before it is anything else.
    private static readonly double[] KnownBases = [10_000, 100, 1_000, 50_000, 100_000, 500_000, 1_000_000];

    // Of an angle computed in float32: exp(-log(base) * 2i/HS) alone is 1e-6 of it off.
    private const double AngleError = 2e-6;

    // A base that the table shows less exactly than this is none that we know, or not one to rely on.
    private const double MostError = 1e-2;

    /// <summary>Reads a table.</summary>
    /// <param name="kind">Its name without the module's.</param>
    /// <param name="stored">Cosines or sines of (T, HS / 2) or (T, HS), or frequencies of (HS / 2); dimensions of size 1 do not count.</param>
    /// <param name="reader">Reads it.</param>
    /// <exception cref="CheckpointException">Its numbers are none of these.</exception>
    public static RotaryTable Read(string kind, StoredTensor stored, RowReader reader)
    {
        bool frequencies = kind == "inv_freq";
        StoredTensor table = stored.Squeeze(frequencies ? 1 : 2);
        if (table.Shape.Count != (frequencies ? 1 : 2) || table.Shape.Any(static size => size is < 1 or > 1 << 20)
            || (!frequencies && table.Shape[0] < 2))
            throw Unknown(stored, $"shape {Printable.Shape(stored.Shape)}");

        Func<double, double> wave = frequencies ? static angle => angle : kind.Contains("sin", StringComparison.Ordinal) ? Math.Sin : Math.Cos;
        double[] row = ReadRow(frequencies ? table : table.At(1), reader);
        double rounding = Rounding(table.Type);
        PositionKind? layout = frequencies || row.Length % 2 != 0 ? null : LayoutOf(row, rounding);
        int pairs = layout is null ? row.Length : row.Length / 2;
        int[] pairOf = [.. row.Select((_, column) => layout == PositionKind.RotaryPairs ? column / 2 : column % pairs)];
        double second = 1, error = 0;
        if (pairs > 1)
            (second, error) = SecondAngle(table, Array.IndexOf(pairOf, 1), wave, rounding, reader);
        double[] candidates = [.. Bases(Math.Pow(second, -pairs), pairs * error)];
        if (Array.FindIndex(candidates, candidate => Fits(table, candidate, pairs, pairOf, wave, rounding, reader)) is not (>= 0 and int found))
            throw Unknown(stored, "numbers that are not p * base^(-2i/HS), nor its sine or cosine, for any base");
        return new RotaryTable(2 * pairs, frequencies ? null : (int)table.Shape[0], pairs == 1 ? null : (float)candidates[found],
            pairs * error, layout, stored.Name);
    }

    /// <summary>Two tables of one model must say the same; what one is silent about, the other says.</summary>
    /// <exception cref="CheckpointException">They do not.</exception>
    public static RotaryTable Combine(RotaryTable? one, RotaryTable other)
    {
        if (one is null)
            return other;
        double ratio = ((double?)one.Base / other.Base) ?? 1;
        bool contradict = one.HeadDim != other.HeadDim || Differ(one.ContextLength, other.ContextLength) || Differ(one.Layout, other.Layout)
            || Math.Abs(ratio - 1) > one.BaseError + other.BaseError + 1e-6;
        RotaryTable exact = other.Base is null || (one.Base is not null && one.BaseError <= other.BaseError) ? one : other;
        return !contradict
            ? exact with { ContextLength = one.ContextLength ?? other.ContextLength, Layout = one.Layout ?? other.Layout }
            : throw new CheckpointException($"the tables of angles {Printable.Quote(one.Name)} and {Printable.Quote(other.Name)} contradict each other");

        static bool Differ<T>(T? one, T? other) where T : struct => one is { } first && other is { } second && !first.Equals(second);
    }

    // Each angle is there twice: beside itself, or half a row further.
    private static PositionKind? LayoutOf(double[] row, double rounding) =>
        Math.Abs(row[0] - row[1]) <= 2 * rounding ? PositionKind.RotaryPairs
        : Math.Abs(row[0] - row[row.Length / 2]) <= 2 * rounding ? PositionKind.RotaryHalves : null;

    // The second pair turns by base^(-1/pairs) a position. It shows best in the last row that it has not turned a quarter of a circle in.
    private static (double Angle, double Error) SecondAngle(
        StoredTensor table, int at, Func<double, double> wave, double rounding, RowReader reader)
    {
        long columns = table.Shape[^1], position = 1;
        bool isVector = table.Shape.Count == 1, within = true;
        double value = double.NaN;
        reader.Read(table, (row, column, numbers) =>
        {
            for (long y = row, i = at - column; within && i < numbers.Length; y++, i += columns)
            {
                if (i < 0 || (y == 0 && !isVector))
                    continue;
                double number = numbers[(int)i];
                within = isVector || y == 1 || (wave == Math.Cos ? number > 0.1 : number is > 0 and < 0.9);
                if (within)
                    (value, position) = (number, isVector ? 1 : y);
            }
        });
        if (isVector)
            return (value, (2 * rounding) + AngleError);
        double angle = wave == Math.Cos ? Math.Acos(value) : Math.Asin(value), slope = wave == Math.Cos ? Math.Sin(angle) : Math.Cos(angle);
        return (angle / position, (2 * rounding / (angle * slope)) + AngleError);
    }

    // The error of the second angle is `pairs` times as large in the base.
    private static IEnumerable<double> Bases(double found, double error)
    {
        foreach (double known in KnownBases.Where(known => Math.Abs((found / known) - 1) <= error).OrderBy(known => Math.Abs((found / known) - 1)))
            yield return known;
        if (!double.IsFinite(found) || found < 1 || error > MostError)
            yield break;
        yield return Math.Round(found);
        yield return found;
    }

    private static bool Fits(
        StoredTensor table, double candidate, int pairs, int[] pairOf, Func<double, double> wave, double rounding, RowReader reader)
    {
        double[] angles = [.. pairOf.Select(pair => Math.Pow(candidate, -(double)pair / pairs))];
        bool isVector = table.Shape.Count == 1, fits = true;
        reader.Read(table, (row, column, numbers) =>
        {
            for (int i = 0; fits && i < numbers.Length; i++)
            {
                (long y, long x) = ((column + i) / angles.Length, (column + i) % angles.Length);
                double angle = angles[x] * (isVector ? 1 : row + y);
                double tolerance = rounding + 1e-6 + (angle * AngleError);
                fits = Math.Abs(numbers[i] - wave(angle)) <= tolerance;
            }
        });
        return fits;
    }

    // Half a unit in the last place of numbers below 1.
    private static double Rounding(TensorType type) => type switch
    {
        TensorType.BFloat16 => 1.0 / 512,
        TensorType.Float16 => 1.0 / 4096,
        _ => 1.0 / (1 << 25),
    };

    private static double[] ReadRow(StoredTensor row, RowReader reader)
    {
        double[] numbers = new double[row.Shape[0]];
        reader.Read(row, (_, column, tile) =>
        {
            for (int i = 0; i < tile.Length; i++)
                numbers[column + i] = tile[i];
        });
        return numbers;
    }

    private static CheckpointException Unknown(StoredTensor tensor, string found) =>
        new($"tensor {Printable.Quote(tensor.Name)}: {found} found; by its name it is a table of the angles of rotary positions, and those differ");
}
