namespace MyGpt.Runtime.Tokenization;

/// <summary>A tokenizer's tables contradict themselves. The message names the table, what was found and what was needed.</summary>
public sealed class TokenizerDataException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public TokenizerDataException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: the table, what was found, what was needed.</param>
    public TokenizerDataException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: the table, what was found, what was needed.</param>
    /// <param name="innerException">What was caught.</param>
    public TokenizerDataException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
