namespace MyGpt.CommandLine.Terminal;

/// <summary>Whoever read our output has gone, as <c>head</c> does when it has seen enough.</summary>
internal sealed class BrokenPipeException(IOException inner) : Exception(inner.Message, inner);
