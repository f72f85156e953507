namespace MyGpt.Checkpoints.Values;

/// <summary>
/// An object of a class that we do not know, such as a config that a training code saved as it was. Its class is a name and nothing
/// else: nothing was created by it, and none of its code was run.
/// </summary>
/// <param name="name">The class as the checkpoint calls it, such as <c>__main__.GPTConfig</c>.</param>
internal sealed class ObjectValue(string name) : OpaqueValue(name)
{
    /// <summary>Its attributes; null when it has none.</summary>
    public DictValue? Attributes { get; set; }
}
