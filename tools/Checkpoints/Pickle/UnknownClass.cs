using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>A class that a pickle names and that we do not know. It is its name: nothing is looked up by it, and it cannot be called.</summary>
/// <param name="name">The full name, such as <c>__main__.GPTConfig</c>.</param>
internal sealed class UnknownClass(string name) : OpaqueValue(name);
