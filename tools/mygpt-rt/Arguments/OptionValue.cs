using System.CommandLine;
using System.CommandLine.Parsing;

namespace MyGpt.CommandLine.Arguments;

/// <summary>Finds options without the value that they need, and with one that they do not take.</summary>
/// <remarks>System.CommandLine takes the next argument as the missing value of <c>--seed=</c>, and the value of <c>--json=false</c> as an argument.</remarks>
internal static class OptionValue
{
    /// <summary>The first such option, or null.</summary>
    /// <param name="parsed">What System.CommandLine made of it.</param>
    /// <param name="args">The arguments as typed.</param>
    public static string? Describe(ParseResult parsed, IReadOnlyList<string> args)
    {
        Option[] options = [.. parsed.CommandResult.Command.Options, .. parsed.RootCommandResult.Command.Options];
        bool isValue = false;
        foreach (string arg in args.TakeWhile(arg => arg != "--"))
        {
            int end = arg.IndexOfAny(['=', ':']);
            Option? option = isValue ? null : Find(options, end < 0 ? arg : arg[..end]);
            isValue = end < 0 && option is { Arity.MaximumNumberOfValues: > 0 };
            if (option is null || end < 0)
                continue;
            if (option.Arity.MaximumNumberOfValues == 0)
                return $"{option.Name} takes no value, '{arg[(end + 1)..]}' found";
            if (end == arg.Length - 1)
                return $"{option.Name} needs a value";
        }
        if (parsed.Errors.Count == 0)
            return null;
        foreach (OptionResult result in parsed.CommandResult.Children.OfType<OptionResult>())
        {
            if (result.Tokens.FirstOrDefault(token => Find(options, token.Value) is not null) is { } swallowed)
                return $"{result.Option.Name} needs a value, '{swallowed.Value}' found";
        }
        return null;
    }

    private static Option? Find(Option[] options, string name) =>
        Array.Find(options, option => option.Name == name || option.Aliases.Contains(name));
}
