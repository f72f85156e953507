namespace MyGpt.Checkpoints;

/// <summary>
/// A checkpoint or vocabulary file was read, but it is damaged, hostile or of an unknown kind.
/// The message is one line that names the file, the part of it, what was found and what was needed.
/// </summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Whether the message is about another file than the checkpoint, and names it.</summary>
    internal bool IsAboutOtherFile { get; private init; }

    /// <summary>Creates the exception without a message.</summary>
    public CheckpointException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: the part of the file, what was found, what was needed.</param>
    public CheckpointException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: the part of the file, what was found, what was needed.</param>
    /// <param name="innerException">What was caught.</param>
    public CheckpointException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>The same message, for a file that is not the checkpoint.</summary>
    internal static CheckpointException OfOtherFile(CheckpointException e) => new(e.Message, e) { IsAboutOtherFile = true };
}
