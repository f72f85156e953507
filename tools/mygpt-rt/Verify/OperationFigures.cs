using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>How far one operation's outputs are from their references, over all prompts.</summary>
internal sealed class OperationFigures
{
    private double _largest, _maxDifference, _squares, _differenceSquares;
    private long _count;
    private double? _floatError;
    private ValuePlace? _where;

    /// <summary>Notes how far the reference's own float32 run is from its float64 run; null where the reference does not say.</summary>
    public void AddFloatError(double? error) => _floatError = error is null ? _floatError : Math.Max(_floatError ?? 0, error.Value);

    /// <summary>Compares one position.</summary>
    /// <param name="name">The prompt's name.</param>
    /// <param name="position">The token's position in it.</param>
    /// <param name="ours">Our values, (width).</param>
    /// <param name="reference">Reference values, (width), finite.</param>
    public void AddRow(string name, int position, ReadOnlySpan<float> ours, ReadOnlySpan<double> reference)
    {
        _count += ours.Length;
        for (int i = 0; i < ours.Length; i++)
        {
            double difference = Math.Abs(ours[i] - reference[i]);
            difference = double.IsNaN(difference) ? double.PositiveInfinity : difference;
            _largest = Math.Max(_largest, Math.Abs(reference[i]));
            _squares += reference[i] * reference[i];
            _differenceSquares += difference * difference;
            if (difference <= _maxDifference)
                continue;
            _maxDifference = difference;
            _where = new ValuePlace(name, position, i);
        }
    }

    /// <summary>What was found.</summary>
    /// <param name="spec">The operation.</param>
    /// <param name="limit">How far values may be from their reference.</param>
    public OperationResult Result(OperationSpec spec, DifferenceLimit limit)
    {
        (double? most, double? mostRms) = limit.Of(spec.Operation, _floatError, _largest, Math.Sqrt(_squares / _count));
        return new OperationResult(spec, _largest, _maxDifference, Math.Sqrt(_differenceSquares / _count), _where, most, mostRms);
    }
}
