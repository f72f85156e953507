namespace MyGpt.CommandLine.Doctor;

/// <summary>How one kernel is held against a plain reference.</summary>
/// <param name="Name">What people call the kernel.</param>
/// <param name="Kernels">The types whose arithmetic it runs.</param>
/// <param name="Trials">Calls it, on numbers that are always the same.</param>
internal sealed record KernelCheck(string Name, IReadOnlyList<Type> Kernels, Func<IEnumerable<Trial>> Trials);

/// <summary>A kernel that computes something else than its reference.</summary>
/// <param name="Kernel">The kernel's name.</param>
/// <param name="Description">The first call and element that is wrong: what was found and what was needed.</param>
internal sealed record KernelFault(string Kernel, string Description);
