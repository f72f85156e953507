namespace MyGpt.Runtime.Tests;

/// <summary>Counts bytes on the managed heap.</summary>
internal static class Allocations
{
    /// <summary>What the calling thread allocates in an action. The action is repeated if a garbage collection disturbs the count.</summary>
    /// <remarks>
    /// A collection, which another test may cause, takes the rest of this thread's allocation block away, up to 8 KB, and the
    /// runtime counts that as allocated. Background collections are off in this project, since they do it in a later pause too.
    /// </remarks>
    public static long Of(Action action)
    {
        while (true)
        {
            int collections = GC.CollectionCount(0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (bytes == 0 || GC.CollectionCount(0) == collections)
                return bytes;
        }
    }
}
