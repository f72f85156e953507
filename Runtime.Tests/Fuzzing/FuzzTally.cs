namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>What happened to the inputs of one reader.</summary>
internal sealed class FuzzTally
{
    private const int MostFaults = 20;

    public long Executions { get; private set; }

    public long Accepted { get; private set; }

    public long Rejected => Executions - Accepted;

    /// <summary>Executions that ended as none may, a hang included.</summary>
    public long Faulty { get; private set; }

    /// <summary>How often each kind of error was given.</summary>
    public Dictionary<string, long> Kinds { get; } = new(StringComparer.Ordinal);

    /// <summary>The first of the faults, each ready to print.</summary>
    public List<string> Faults { get; } = [];

    /// <summary>The most that reading one input has allocated, in bytes.</summary>
    public long PeakBytes { get; private set; }

    public void Add(Verdict verdict, long allocated, string label)
    {
        Executions++;
        Accepted += verdict.IsAccepted ? 1 : 0;
        PeakBytes = Math.Max(PeakBytes, allocated);
        if (verdict.Kind is { } kind)
            Kinds[kind] = Kinds.GetValueOrDefault(kind) + 1;
        if (verdict.Fault is { } fault)
            AddFault($"{label}: {fault}");
    }

    public void AddFault(string fault)
    {
        Faulty++;
        if (Faults.Count < MostFaults)
            Faults.Add(fault);
    }

    public void Add(FuzzTally other)
    {
        Executions += other.Executions;
        Accepted += other.Accepted;
        Faulty += other.Faulty;
        PeakBytes = Math.Max(PeakBytes, other.PeakBytes);
        Faults.AddRange(other.Faults.Take(MostFaults - Faults.Count));
        foreach ((string kind, long count) in other.Kinds)
            Kinds[kind] = Kinds.GetValueOrDefault(kind) + count;
    }
}
