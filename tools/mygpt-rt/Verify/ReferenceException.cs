namespace MyGpt.CommandLine.Verify;

/// <summary>A reference file was read, but it is damaged or does not belong to this model. The message names the part.</summary>
internal sealed class ReferenceException(string message, Exception? inner = null) : Exception(message, inner);
