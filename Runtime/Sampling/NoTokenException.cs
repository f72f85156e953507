namespace MyGpt.Runtime.Sampling;

/// <summary>No token can be chosen: every logit is NaN or negative infinity, as a model with NaN weights gives.</summary>
public sealed class NoTokenException : Exception
{
    /// <summary>Creates the exception with its usual message.</summary>
    public NoTokenException()
        : this("no token can be chosen: every logit is NaN or negative infinity; does the checkpoint hold NaN or infinite weights?")
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that says what was found.</param>
    public NoTokenException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that says what was found.</param>
    /// <param name="innerException">What was caught.</param>
    public NoTokenException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
