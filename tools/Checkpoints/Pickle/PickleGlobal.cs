using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>Makes a value from the arguments of a call, as the global it stands for would in Python.</summary>
/// <param name="arguments">The call's arguments.</param>
/// <param name="unpickler">For errors and for counting memory.</param>
internal delegate Value PickleCall(List<Value> arguments, Unpickler unpickler);

/// <summary>
/// A name of a Python module that a pickle may mention. It is a value of ours that stands for the name: nothing of Python, and
/// nothing of .NET, is looked up by it.
/// </summary>
/// <param name="name">The full name, such as <c>collections.OrderedDict</c>.</param>
/// <param name="call">What calling it gives; null when it cannot be called.</param>
internal sealed class PickleGlobal(string name, PickleCall? call) : OpaqueValue(name)
{
    /// <summary>What calling it gives; null when it cannot be called.</summary>
    public PickleCall? Call { get; } = call;
}
