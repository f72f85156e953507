namespace MyGpt.Checkpoints;

/// <summary>An option of the conversion has a value that does not fit the checkpoint: the caller's to correct, not the file's.</summary>
public class OptionException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public OptionException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that says what does not fit and what would.</param>
    public OptionException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that says what does not fit and what would.</param>
    /// <param name="innerException">What was caught.</param>
    public OptionException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="option">The option as the command line spells it, such as <c>--heads</c>.</param>
    /// <param name="message">One line that says what does not fit and what would.</param>
    public OptionException(string option, string message)
        : base(message) => Option = option;

    /// <summary>The option as the command line spells it, such as <c>--heads</c>; empty when unknown.</summary>
    public string Option { get; } = "";
}
