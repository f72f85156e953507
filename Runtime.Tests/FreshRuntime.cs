using System.Reflection;
using System.Runtime.Loader;

namespace MyGpt.Runtime.Tests;

/// <summary>The runtime and these tests loaded once more, so that nothing of them is compiled yet.</summary>
internal sealed class FreshRuntime() : AssemblyLoadContext(nameof(FreshRuntime))
{
    /// <summary>Calls a private static method of the fresh tests.</summary>
    /// <param name="type">The class that has it.</param>
    /// <param name="method">Its name.</param>
    /// <param name="arguments">Of types that both know: an enum of the runtime is another type there.</param>
    public void Call(Type type, string method, params object[] arguments)
    {
        Assembly tests = LoadFromAssemblyPath(typeof(FreshRuntime).Assembly.Location);
        tests.GetType(type.FullName!, throwOnError: true)!
            .GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
            .Invoke(null, BindingFlags.DoNotWrapExceptions, binder: null, arguments, culture: null);
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name is "MyGpt.Runtime" ? LoadFromAssemblyPath(typeof(LanguageModel).Assembly.Location) : null;
}
