namespace MyGpt.CommandLine.Bench;

/// <summary>
/// How much of the processor time that threads asked for they got: near 1 on a machine of their own, 0.5 where another process wants one of two cores. The
/// slowest thread counts, whatever the number of cores: all wait for it, as the threads of a model do.
/// </summary>
/// <param name="processors">Processors that this process may use, of limited time if a container says so.</param>
internal sealed class ProcessorShare(double processors)
{
    private double _asked;
    private double _got;

    /// <summary>What they got, as a share; 1 before anything is added.</summary>
    public double Value => _asked > 0 ? _got / _asked : 1;

    /// <summary>Adds a measurement.</summary>
    /// <param name="threads">Threads that computed all the time.</param>
    /// <param name="passed">How long.</param>
    /// <param name="used">Processor time of this process meanwhile.</param>
    public void Add(int threads, TimeSpan passed, TimeSpan used)
    {
        _asked += passed.TotalSeconds * Math.Min(threads, processors);
        _got += used.TotalSeconds;
    }
}
