using System.Reflection;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Architecture;

/// <summary>What all kernels have in common.</summary>
public class KernelTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    /// <summary>Else the first tokens run on code that waits for the background compiler, and stay there until a loop has turned often enough.</summary>
    [Fact]
    public void Every_kernel_and_row_job_with_a_loop_is_optimised_from_its_first_call()
    {
        MethodInfo[] loops = [.. typeof(Gpt).Assembly.GetTypes().Where(IsKernel).SelectMany(type => type.GetMethods(All)).Where(HasLoop)];
        string[] slow = [.. loops.Where(method => !method.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveOptimization)
            && !method.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveInlining)).Select(method => $"{method.DeclaringType!.Name}.{method.Name}")];
        Assert.True(slow.Length == 0, string.Join('\n', slow));
        Assert.InRange(loops.Length, 15, int.MaxValue);   // else the walk found nothing, and the test proves nothing
    }

    [Fact]
    public void Loops_are_found() =>
        Assert.Equal([false, true], new[] { nameof(Straight), nameof(Loop) }.Select(name => HasLoop(typeof(KernelTests).GetMethod(name, All)!)));

    private static int Straight(int x) => x > 0 ? x : -x;

    private static int Loop(int x)
    {
        while (x > 100)
            x /= 3;
        return x;
    }

    private static bool IsKernel(Type type) => !type.IsInterface && type.GetInterfaces().Any(known => known == typeof(IKernel) || known == typeof(IRowJob));

    private static bool HasLoop(MethodInfo method) =>
        method.GetMethodBody() is { } body && Instruction.Of(body.GetILAsByteArray()!).Any(instruction => instruction.IsBackwardBranch);
}
