using MyGpt.CommandLine.Machine;

namespace MyGpt.CommandLine.Doctor;

/// <summary>Everything that <c>doctor</c> finds.</summary>
internal sealed record Diagnosis
{
    /// <summary>What the machine is.</summary>
    public required MachineDescription Machine { get; init; }

    /// <summary>Whether kernels compute what they should.</summary>
    public required KernelExamination Kernels { get; init; }

    /// <summary>What the machine can do, with one thread and with more; empty where a kernel is wrong.</summary>
    public IReadOnlyList<MachineLimits> Limits { get; init; } = [];

    /// <summary>Why <see cref="Limits"/> are not to be believed; null where nothing speaks against them.</summary>
    public string? Warning { get; init; }

    /// <summary>What to expect of the model; null without one, or where a kernel is wrong.</summary>
    public ExpectedSpeed? Expected { get; init; }
}
