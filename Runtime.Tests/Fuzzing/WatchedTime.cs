namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>Time as whoever watches sees it pass: a gap in the watching, such as a stopped process or a machine asleep, counts as one step.</summary>
/// <param name="time">The clock.</param>
internal sealed class WatchedTime(TimeProvider time)
{
    /// <summary>The most that may pass between two looks and count; the watcher looks more often.</summary>
    public static readonly TimeSpan LongestStep = TimeSpan.FromMilliseconds(200);

    private long _last = time.GetTimestamp();
    private long _now = 1;   // 0 is no time

    /// <summary>The time now, in ticks from the beginning on; never 0. Any thread may ask.</summary>
    public long Now => Volatile.Read(ref _now);

    /// <summary>Looks at the clock; for the watcher alone.</summary>
    public void Pass()
    {
        long last = _last;
        _last = time.GetTimestamp();
        TimeSpan step = time.GetElapsedTime(last, _last);
        Volatile.Write(ref _now, _now + Math.Min(step.Ticks, LongestStep.Ticks));
    }

    /// <summary>What has passed since a time.</summary>
    /// <param name="began">A former <see cref="Now"/>.</param>
    public TimeSpan Since(long began) => TimeSpan.FromTicks(Now - began);
}
