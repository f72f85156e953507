namespace MyGpt.Runtime.Model;

/// <summary>What one operation of a forward pass gave, as <see cref="Activations.Observer"/> sees it.</summary>
public readonly ref struct OperationOutput
{
    internal OperationOutput(OperationSpec spec, ReadOnlySpan<float> values)
    {
        Spec = spec;
        Values = values;
    }

    /// <summary>The operation, its block and its width.</summary>
    public OperationSpec Spec { get; }

    /// <summary>The output, (rows, <see cref="OperationSpec.Width"/>): a row for each token, or for each token with logits; valid until the observer returns.</summary>
    public ReadOnlySpan<float> Values { get; }
}
