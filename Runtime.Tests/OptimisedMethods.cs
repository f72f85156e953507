using System.Diagnostics.Tracing;
using System.Reflection;

namespace MyGpt.Runtime.Tests;

/// <summary>
/// The runtime's methods that are marked to be compiled fully optimised when they are first called, in the order of their compilation, from the
/// events of the just-in-time compiler.
/// </summary>
internal sealed class OptimisedMethods : EventListener
{
    private const EventKeywords Jit = (EventKeywords)0x10;

    // Fields of the event MethodLoadVerbose: learn.microsoft.com/dotnet/fundamentals/diagnostics/runtime-method-events.
    private const int Token = 4, Namespace = 6, Name = 7;

    private const string Ours = "MyGpt.Runtime.", Tests = $"{Ours}Tests.", Last = $"{Tests}{nameof(OptimisedMethods)}.{nameof(Mark)}";

    private readonly Lock _lock = new();
    private readonly List<(string Name, int Token)> _methods = [];
    private int _marks;

    /// <summary>Those since the last call.</summary>
    /// <exception cref="TimeoutException">The runtime sends no events.</exception>
    public IReadOnlyList<string> Take()
    {
        // Events come late but in order: when that of a method that is called for the first time now has come, all before it have.
        new FreshRuntime().Call(typeof(OptimisedMethods), nameof(Mark));
        if (!SpinWait.SpinUntil(() => Volatile.Read(ref _marks) > 0, TimeSpan.FromSeconds(60)))
            throw new TimeoutException("the event of a method that was called did not come");
        lock (_lock)
        {
            List<string> names = [.. _methods.Where(method => IsOptimised(method.Token)).Select(method => method.Name)];
            _methods.Clear();
            _marks = 0;
            return names;
        }
    }

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == "Microsoft-Windows-DotNETRuntime")
            EnableEvents(eventSource, EventLevel.Verbose, Jit);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith("MethodLoadVerbose", StringComparison.Ordinal) != true || eventData.Payload is not { } payload)
            return;
        string name = $"{payload[Namespace]}.{payload[Name]}";
        lock (_lock)
        {
            if (name == Last)
                _marks++;
            else if (name.StartsWith(Ours, StringComparison.Ordinal) && !name.StartsWith(Tests, StringComparison.Ordinal))
                _methods.Add((name, (int)(uint)payload[Token]!));
        }
    }

    private static bool IsOptimised(int token) =>
        typeof(LanguageModel).Module.ResolveMethod(token)!.MethodImplementationFlags.HasFlag(MethodImplAttributes.AggressiveOptimization);

    private static void Mark()
    {
    }
}
