namespace MyGpt.Runtime.Kernels.Threading;

/// <summary>Rows cut into parts of nearly equal size that begin at multiples of the grain.</summary>
internal readonly struct Cut(int rows, int grain, int parts)
{
    private readonly int _rows = rows, _grain = grain, _grains = (rows + grain - 1) / grain;

    /// <summary>Number of parts.</summary>
    public int Parts { get; } = parts;

    /// <summary>The first row of a part.</summary>
    public int First(int part) => (int)((long)_grains * part / Parts) * _grain;

    /// <summary>One past the last row of a part.</summary>
    public int End(int part) => Math.Min(First(part + 1), _rows);
}
