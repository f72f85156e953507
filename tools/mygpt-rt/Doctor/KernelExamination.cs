using System.Diagnostics;

namespace MyGpt.CommandLine.Doctor;

/// <summary>What checking kernels found.</summary>
/// <param name="Kernels">Kernels that were checked.</param>
/// <param name="Calls">Calls of them.</param>
/// <param name="Numbers">Results that were compared.</param>
/// <param name="Seconds">How long it took, compiling the kernels included.</param>
/// <param name="Faults">Those that are wrong.</param>
internal sealed record KernelExamination(int Kernels, int Calls, long Numbers, double Seconds, IReadOnlyList<KernelFault> Faults)
{
    /// <summary>Checks all of some kernels, whatever is found.</summary>
    public static KernelExamination Of(IReadOnlyList<KernelCheck> checks)
    {
        long start = Stopwatch.GetTimestamp();
        int calls = 0;
        long numbers = 0;
        var faults = new List<KernelFault>();
        foreach (KernelCheck check in checks)
        {
            string? fault = null;
            foreach (Trial trial in check.Trials())
            {
                calls++;
                numbers += trial.Actual.Length;
                fault ??= trial.FindFault();
            }
            if (fault is not null)
                faults.Add(new KernelFault(check.Name, fault));
        }
        return new KernelExamination(checks.Count, calls, numbers, Stopwatch.GetElapsedTime(start).TotalSeconds, faults);
    }
}
