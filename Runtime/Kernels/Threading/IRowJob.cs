namespace MyGpt.Runtime.Kernels.Threading;

/// <summary>
/// Work that falls into independent rows. An implementation is a struct of pointers and sizes, so that its address can be
/// handed to another thread while the caller waits.
/// </summary>
internal interface IRowJob
{
    /// <summary>Does rows [first, end).</summary>
    /// <param name="first">First row.</param>
    /// <param name="end">One past the last row.</param>
    /// <param name="worker">Which worker runs it, 0 to threads - 1: selects scratch memory, never a result.</param>
    void Run(int first, int end, int worker);
}
