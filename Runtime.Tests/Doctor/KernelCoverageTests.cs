using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;
using MyGpt.CommandLine.Doctor;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;
using MyGpt.Runtime.Tests.Architecture;
using MyGpt.Runtime.Tests.CommandLine;

namespace MyGpt.Runtime.Tests.Doctor;

/// <summary>The doctor forgets no kernel: each is named by a check, and each of their methods that has a loop is called.</summary>
public partial class KernelCoverageTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Type[] KernelInterfaces = [typeof(IKernel), typeof(IRowJob), typeof(IUnaryOperation), typeof(IWeightType), typeof(IBlockRows), typeof(IBlockQuantizer)];

    [Fact]
    public void Every_kernel_is_named_by_a_check()
    {
        HashSet<Type> named = [.. KernelChecks.All().SelectMany(check => check.Kernels)];
        Type[] kernels = [.. KernelTypes().Where(type => type.GetInterfaces().Any(KernelInterfaces.Contains) || type.GetMethods(All).Any(RunsOnInstructionSets)).Select(Outer).Distinct()];
        Type[] others = [.. OthersWithVectors().Select(Outer).Distinct()];
        Assert.Empty(kernels.Union(others).Except(named));
        Assert.InRange(kernels.Length, 40, int.MaxValue);   // else the walks found nothing, and the test proves nothing
        Assert.Contains(typeof(LogSoftmax), others);
    }

    [Fact]
    public void Names_of_checks_differ() => Assert.Distinct(KernelChecks.All().Select(check => check.Name));

    /// <summary>What the runtime compiles in a process of its own is what was called there: a tile that no check reaches is missing. A branch within a method is not seen.</summary>
    [Fact]
    public void Every_method_of_a_kernel_with_a_loop_is_called()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string list = folder.File("compiled.txt");
        using (Process process = CommandProcess.StartWith([("DOTNET_JitStdOutFile", list), ("DOTNET_JitDisasmSummary", "1")], "doctor", "--threads", "2"))
        {
            process.StandardOutput.ReadToEnd();
            Assert.DoesNotContain("error", process.StandardError.ReadToEnd(), StringComparison.Ordinal);   // that the machine is busy is true
            process.WaitForExit();
        }
        HashSet<string> compiled = [.. File.ReadLines(list).Select(line => CompiledMethod().Match(line)).Where(match => match.Success).Select(match => $"{match.Groups[1]}.{match.Groups[2]}")];
        string[] loops = [.. KernelTypes().SelectMany(type => type.GetMethods(All)).Where(HasLoop).Select(method => $"{method.DeclaringType!.FullName}.{method.Name}").Distinct()];
        Assert.Empty(loops.Except(compiled));
        Assert.InRange(loops.Length, 40, int.MaxValue);
    }

    // Kernels and what they are made of, but the instruction sets: only one of them runs here.
    private static IEnumerable<Type> KernelTypes() => typeof(Gpt).Assembly.GetTypes().Where(type =>
        type.Namespace is "MyGpt.Runtime.Kernels" or "MyGpt.Runtime.Kernels.WeightTypes" && !type.IsInterface
        && !type.GetInterfaces().Any(known => known.IsGenericType && known.GetGenericTypeDefinition() == typeof(IVectorOps<>)));

    // Sampling and scoring use .NET's vectors directly.
    private static IEnumerable<Type> OthersWithVectors() => typeof(Gpt).Assembly.GetTypes().Where(type =>
        type.Namespace is "MyGpt.Runtime.Sampling" or "MyGpt.Runtime.Scoring" or "MyGpt.Runtime.Generation" or "MyGpt.Runtime.Model" or "MyGpt.Runtime.Tokenization"
        && type.GetMethods(All).Any(method => method.GetMethodBody() is { } body && body.LocalVariables.Any(local => IsVector(local.LocalType))));

    private static bool IsVector(Type type) => type.IsGenericType && type.Name.StartsWith("Vector", StringComparison.Ordinal) && type.Namespace!.StartsWith("System.", StringComparison.Ordinal);

    private static bool RunsOnInstructionSets(MethodInfo method) => method.IsGenericMethodDefinition
        && method.GetGenericArguments().Any(argument => argument.GetGenericParameterConstraints().Any(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IVectorOps<>)));

    private static bool HasLoop(MethodInfo method) => !method.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveInlining)
        && method.GetMethodBody() is { } body && Instruction.Of(body.GetILAsByteArray()!).Any(instruction => instruction.IsBackwardBranch);

    private static Type Outer(Type type) => type.DeclaringType is { } outer ? Outer(outer) : type;

    // "12: JIT compiled Namespace.Type`1[Argument]:Method[Arguments](Parameters) [...]"
    [GeneratedRegex(@"JIT compiled ([^\s\[:]+)(?:\[[^:]*\])?:([^\s\[(]+)")]
    private static partial Regex CompiledMethod();
}
