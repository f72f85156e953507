namespace MyGpt.Runtime.Scoring;

/// <summary>The tokens of a text that a model predicts worse than the baseline by most.</summary>
/// <param name="count">How many are kept, 1 or more.</param>
public sealed class WorstTokens(int count)
{
    // The smallest increase comes out first; of equal ones the later token.
    private readonly PriorityQueue<(int Index, TokenComparison Comparison), (double Increase, int Order)> _kept = new(count + 1);

    /// <summary>The largest increases first; of equal ones the earlier token.</summary>
    public IEnumerable<(int Index, TokenComparison Comparison)> InOrder =>
        _kept.UnorderedItems.OrderByDescending(item => item.Priority).Select(item => item.Element);

    /// <summary>Looks at a token.</summary>
    /// <param name="index">Its index in the text.</param>
    /// <param name="comparison">How it was predicted; a token whose loss is not larger is none of them.</param>
    public void Add(int index, TokenComparison comparison)
    {
        if (!(comparison.Increase > 0))
            return;
        _kept.Enqueue((index, comparison), (comparison.Increase, -index));
        if (_kept.Count > count)
            _kept.Dequeue();
    }
}
