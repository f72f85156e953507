namespace MyGpt.Runtime.Tokenization;

/// <summary>A text holds a character or word that the vocabulary does not have.</summary>
public sealed class UnknownTextException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public UnknownTextException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that names the character or word and its position.</param>
    public UnknownTextException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line that names the character or word and its position.</param>
    /// <param name="innerException">What was caught.</param>
    public UnknownTextException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
