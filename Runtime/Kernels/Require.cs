using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Checks at the door of public kernels; the throwing is elsewhere so that callers stay small.</summary>
internal static class Require
{
    /// <summary>Throws unless a span has the length that the others imply.</summary>
    public static void Length(int actual, int expected, [CallerArgumentExpression(nameof(actual))] string? name = null)
    {
        if (actual != expected)
            ThrowLength(actual, expected, name);
    }

    /// <summary>Throws unless there is at least one element.</summary>
    public static void NotEmpty(int length, [CallerArgumentExpression(nameof(length))] string? name = null)
    {
        if (length == 0)
            throw new ArgumentException($"{name} is 0, at least 1 is needed.");
    }

    /// <summary>Throws unless a span is cut into whole parts of a length.</summary>
    public static void Multiple(int actual, int part, [CallerArgumentExpression(nameof(actual))] string? name = null)
    {
        if (actual % part != 0)
            throw new ArgumentException($"{name} is {actual}, a multiple of {part} is needed.");
    }

    [DoesNotReturn]
    private static void ThrowLength(int actual, int expected, string? name) =>
        throw new ArgumentException($"{name} is {actual}, {expected} is needed.");
}
