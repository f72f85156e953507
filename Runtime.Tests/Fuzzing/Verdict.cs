using System.Text.RegularExpressions;
using MyGpt.Checkpoints;
using MyGpt.CommandLine.Verify;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>How an execution ended.</summary>
/// <param name="IsAccepted">The input was read, and could be used.</param>
/// <param name="Kind">What was thrown, without what differs from file to file; null if nothing was.</param>
/// <param name="Fault">What must never happen, or null.</param>
internal sealed partial record Verdict(bool IsAccepted, string? Kind, string? Fault)
{
    private const int LongestMessage = 2000;

    /// <summary>The input was read and used.</summary>
    public static Verdict Accepted { get; } = new(true, null, null);

    /// <summary>Holds an exception against the rules: one of ours, one line of text that names a file of the input, or one beside it.</summary>
    /// <param name="error">What reading or using the input has thrown.</param>
    /// <param name="names">The names of the input's files and their folder; one of them is needed.</param>
    public static Verdict Of(Exception error, IEnumerable<string> names)
    {
        string kind = $"{error.GetType().Name}: {Differing().Replace(error.Message, "#")}";
        bool isTyped = error is CheckpointException or WeightsFormatException or TokenizerDataException or OptionException or ReferenceException
            or IOException;
        // An option is about the command line, tokenizer tables have no file of their own.
        bool needsName = error is not (OptionException or TokenizerDataException);
        string? fault = error switch
        {
            _ when !isTyped => $"an exception that is none of ours: {error}",
            _ when error.Message.Length is 0 or > LongestMessage => $"a message of {error.Message.Length} characters: {error}",
            _ when error.Message.Any(IsUnprintable) => $"a message that is not one plain line: {Escape(error.Message)}",
            _ when needsName && !names.Any(name => error.Message.Contains(name, StringComparison.Ordinal)) =>
                $"a message that does not name the file: {error.Message}",
            _ => null,
        };
        return new Verdict(false, kind, fault);
    }

    private static bool IsUnprintable(char c) => char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    private static string Escape(string message) =>
        string.Concat(message.Select(c => IsUnprintable(c) ? $"\\u{(int)c:X4}" : c.ToString()));

    [GeneratedRegex(@"'[^']*'?|[0-9A-Fa-f]*[0-9][0-9A-Fa-f.,]*|\[[^\]]*\]|\([^)]*\)")]
    private static partial Regex Differing();
}
