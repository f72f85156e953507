namespace MyGpt.Runtime.Weights;

/// <summary>A weights.bin is damaged, hostile or of an unknown kind; the message says where, what was found and what was needed.</summary>
public sealed class WeightsFormatException : Exception
{
    /// <summary>Creates the exception without a message.</summary>
    public WeightsFormatException()
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: the part of the file, what was found, what was needed.</param>
    public WeightsFormatException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line: the part of the file, what was found, what was needed.</param>
    /// <param name="innerException">What was caught.</param>
    public WeightsFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
