namespace MyGpt.Checkpoints;

/// <summary>
/// Counts the memory that data from a file takes while it is unpacked, so that a small file cannot ask for much: one byte of a
/// pickle can make an object of a hundred.
/// </summary>
/// <param name="limit">What may be taken in all, in bytes.</param>
internal sealed class MemoryBudget(long limit)
{
    private long _left = limit;

    /// <summary>Takes bytes, or says that they are not there.</summary>
    /// <param name="bytes">An upper estimate, at least 0.</param>
    /// <returns>False when the limit is passed.</returns>
    public bool TryTake(long bytes)
    {
        _left -= bytes;
        return _left >= 0;
    }
}
