using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Arguments;

/// <summary>A prompt: text, or token ids.</summary>
/// <param name="Text">The text; null when ids are given.</param>
/// <param name="Ids">The ids; null when text is given.</param>
internal sealed record Prompt(string? Text, int[]? Ids);

/// <summary>The arguments that say what to continue: PROMPT, <c>-</c>, <c>--file</c> or <c>--ids</c>.</summary>
internal sealed class PromptInput
{
    private readonly TextInput _text = new("PROMPT");
    private readonly Option<int[]?> _ids = new("--ids")
    {
        HelpName = "1,2,3",
        Description = "the prompt as token ids",
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = ParseIds,
    };

    /// <summary>Adds them to a verb.</summary>
    public void Define(Command command)
    {
        _text.Define(command);
        command.Options.Add(_ids);
    }

    /// <summary>Whether a prompt is given in any of the ways, be it an empty one.</summary>
    public bool IsGiven(ParseResult arguments) => _text.IsGiven(arguments) || arguments.GetResult(_ids) is not null;

    /// <summary>Reads the prompt; the empty text when none is given.</summary>
    /// <exception cref="CommandException">It is given twice, or is too long.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public Prompt Read(ParseResult arguments, CommandConsole console)
    {
        if (arguments.GetResult(_ids) is null)
            return new Prompt(_text.Read(arguments, console) ?? "", null);
        if (_text.IsGiven(arguments))
            throw CommandException.Usage("a prompt and --ids are given; give one of them");
        return new Prompt(null, arguments.GetValue(_ids));
    }

    private static int[]? ParseIds(ArgumentResult result)
    {
        string text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (string.IsNullOrWhiteSpace(text))
            return [];
        string[] parts = text.Split(',');
        int[] ids = new int[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (int.TryParse(parts[i].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out ids[i]))
                continue;
            result.AddError($"--ids is '{text}'; it must be token ids with commas between them, such as 1,2,3");
            return null;
        }
        return ids;
    }
}
