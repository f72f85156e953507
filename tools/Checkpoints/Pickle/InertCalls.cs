using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>
/// Calls of classes that are not on the list and yet make no more than a value: what they were called with says all, and becomes an
/// object without attributes. As everywhere, nothing is looked up and nothing runs; every other call is refused by its class's name, since
/// what it would make, or do, only its code knows.
/// </summary>
/// <remarks>Python 3.14, Lib/pathlib and Lib/enum.py, the methods __reduce__ and __reduce_ex__.</remarks>
internal static class InertCalls
{
    // Python 3.13 says where in its library a path's class is defined.
    private static readonly string[] PathModules = ["pathlib.", "pathlib._local."];

    private static readonly string[] Paths = ["Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"];

    // Classes of the script that saved the checkpoint.
    private const string Script = "__main__.";

    /// <summary>Whether a call is one of them: a path from its parts, or a member of the script's own enumeration from its value.</summary>
    /// <param name="name">The class's full name.</param>
    /// <param name="arguments">What REDUCE calls it with.</param>
    public static bool Allow(string name, Value arguments)
    {
        if (arguments is not ListValue { ListKind: ListKind.Tuple, Items: var items })
            return false;
        return IsPath(name) ? items.TrueForAll(static item => item is TextValue)
            : name.StartsWith(Script, StringComparison.Ordinal) && items is [TextValue or IntegerValue or RealValue or BoolValue];
    }

    private static bool IsPath(string name) =>
        PathModules.Any(module => name.StartsWith(module, StringComparison.Ordinal) && Paths.Contains(name[module.Length..]));
}
