namespace MyGpt.Checkpoints;

/// <summary>The arithmetic needs something that the checkpoint does not hold and nothing implies: an option must say it.</summary>
public sealed class MissingOptionException : OptionException
{
    /// <summary>Further options that are needed too; the message names them.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    /// <summary>What is asked about <see cref="OptionException.Option"/> alone; null: the message.</summary>
    internal string? Question { get; init; }

    /// <summary>Creates the exception without a message.</summary>
    public MissingOptionException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that names the option and why it is needed.</param>
    public MissingOptionException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that names the option and why it is needed.</param>
    /// <param name="innerException">What was caught.</param>
    public MissingOptionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="option">The option as the command line spells it, such as <c>--heads</c>.</param>
    /// <param name="message">One line that names the option and why it is needed.</param>
    public MissingOptionException(string option, string message)
        : base(option, message)
    {
    }
}
