namespace MyGpt.CommandLine.Verbs;

/// <summary>Text was asked of a model that knows ids only.</summary>
internal static class NoVocabulary
{
    /// <summary>The error, and the two ways on.</summary>
    public static CommandException Error(string path) => CommandException.Usage(
        $"'{path}' has no vocabulary: it takes --ids 1,2,3 instead of text; for text convert its checkpoint again with --vocab FILE");

    /// <summary>The same where nothing but text will do.</summary>
    public static CommandException CannotScore(string path) => CommandException.Usage(
        $"'{path}' has no vocabulary: it has no tokens for a text; convert its checkpoint again with --vocab FILE");

    /// <summary>The same of a checkpoint that is being converted.</summary>
    public static CommandException CannotJudge(string path) => CommandException.Usage(
        $"'{path}' has no vocabulary: it has no tokens for a text to judge on; convert the checkpoint with --vocab FILE");
}
