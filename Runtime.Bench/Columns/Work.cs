using BenchmarkDotNet.Parameters;

namespace MyGpt.Runtime.Bench.Columns;

/// <summary>What one operation of a benchmark does, so that time becomes a rate. Zero: the column shows nothing.</summary>
public readonly record struct Work(double Tokens, double Bytes, double Flops);

/// <summary>A benchmark class that knows its work.</summary>
public interface IHasWork
{
    /// <summary>Work of one operation.</summary>
    /// <param name="method">The benchmark method's name.</param>
    /// <param name="parameters">The case's parameters.</param>
    static abstract Work WorkOf(string method, ParameterInstances parameters);
}
