using System.CommandLine;
using System.CommandLine.Parsing;

namespace MyGpt.CommandLine.Arguments;

/// <summary>Says in one line what is wrong with a command line that does not parse.</summary>
internal static class UsageError
{
    /// <summary>The first thing that is wrong, or null when nothing is.</summary>
    /// <param name="parsed">What System.CommandLine made of it.</param>
    /// <param name="args">The arguments as typed.</param>
    public static string? Describe(ParseResult parsed, IReadOnlyList<string> args)
    {
        if (parsed.CommandResult.Command is RootCommand root)
            return WithoutVerb(root, args);

        string verb = parsed.CommandResult.Command.Name;
        if (OptionValue.Describe(parsed, args) is { } odd)
            return $"{odd}; see {Help(verb)}";
        if (UnknownOption(parsed, args) is { } unknown)
            return unknown;
        if (parsed.Errors.Count == 0)
            return null;

        ParseError error = parsed.Errors[0];
        if (parsed.UnmatchedTokens.Count > 0)
        {
            string surplus = parsed.UnmatchedTokens[0];
            return $"'{surplus}' is one argument too many for {verb}; put quotes around text with spaces, see {Help(verb)}";
        }
        return error.SymbolResult switch
        {
            ArgumentResult { Parent: CommandResult, Tokens.Count: 0 } missing => $"{verb} needs {missing.Argument.Name}; see {Help(verb)}",
            OptionResult { Tokens.Count: 0 } empty => $"{empty.Option.Name} needs a value; see {Help(verb)}",
            OptionResult { Tokens.Count: > 1 } repeated when repeated.Option.Arity.MaximumNumberOfValues == 1 =>
                $"{repeated.Option.Name} is given {repeated.Tokens.Count} times; give it once",
            _ => error.Message,   // our own parsers' words
        };
    }

    private static string WithoutVerb(RootCommand root, IReadOnlyList<string> args)
    {
        var verbs = root.Subcommands.Select(command => command.Name).ToList();
        string list = string.Join(", ", verbs);
        string? typed = args.FirstOrDefault(arg => !arg.StartsWith('-')) ?? (args.Count > 0 ? args[0] : null);
        if (typed is null)
            return $"no verb given; it is one of {list}; see mygpt-rt --help";
        string kind = typed.StartsWith('-') ? "option" : "verb";
        return NearestName.Find(typed, verbs) is { } nearest
            ? $"unknown {kind} '{typed}'; did you mean '{nearest}'?"
            : $"unknown {kind} '{typed}'; give one of {list}; see mygpt-rt --help";
    }

    // System.CommandLine takes an unknown option as an argument; an option that is quietly ignored or
    // quietly becomes the prompt is worse than an error. After "--" everything is an argument.
    private static string? UnknownOption(ParseResult parsed, IReadOnlyList<string> args)
    {
        string[] typed = [.. args];
        int dashes = Array.IndexOf(typed, "--");
        foreach (Token token in parsed.CommandResult.Tokens.Concat(Values(parsed)))
        {
            if (token.Type != TokenType.Argument || !LooksLikeOption(token.Value))
                continue;
            if (dashes >= 0 && Array.LastIndexOf(typed, token.Value) > dashes)
                continue;
            string name = token.Value.Split('=')[0];
            IEnumerable<string> known = parsed.CommandResult.Command.Options.Where(option => !option.Hidden)
                .SelectMany(option => option.Aliases.Append(option.Name));
            string hint = NearestName.Find(name, known) is { } nearest
                ? $"did you mean '{nearest}'?"
                : $"see {Help(parsed.CommandResult.Command.Name)}; an argument that begins with '-' goes after --";
            return $"unknown option '{name}'; {hint}";
        }
        return null;
    }

    private static IEnumerable<Token> Values(ParseResult parsed) =>
        parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Concat(parsed.Tokens.Where(token => token.Type == TokenType.Argument && parsed.UnmatchedTokens.Contains(token.Value)));

    private static string Help(string verb) => $"mygpt-rt {verb} --help";

    // -x, --word, --word=value; not "-5 degrees" and not "- item", which are prompts.
    private static bool LooksLikeOption(string text)
    {
        string name = text.Split('=')[0];
        string word = name.StartsWith("--", StringComparison.Ordinal) ? name[2..] : name.StartsWith('-') ? name[1..] : "";
        return word.Length > 0 && char.IsAsciiLetter(word[0]) && word.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
    }
}
