namespace MyGpt.Runtime.Kernels;

/// <summary>
/// What a linear layer does with each output by itself, in this order: add a bias, apply an activation, multiply by a factor; and where there
/// is a residual stream, join it.
/// </summary>
internal unsafe struct Epilogue
{
    /// <summary>Bias, (OutDim), or null.</summary>
    public float* Bias;

    /// <summary>Applied to the output in place, or null.</summary>
    public delegate*<Span<float>, void> Activation;

    /// <summary>What the output is multiplied by, (T, OutDim), or null.</summary>
    public float* Factor;

    /// <summary>What the output is added to, (T, OutDim), or null.</summary>
    public float* Residual;

    /// <summary>Finishes outputs of one token.</summary>
    /// <param name="y">The outputs, neighbours; scratch when there is a residual.</param>
    /// <param name="row">The first one's row of weights.</param>
    /// <param name="at">Where the first one stands in (T, OutDim).</param>
    public readonly void Apply(Span<float> y, int row, nint at)
    {
        if (Bias != null)
            Add.Apply(new ReadOnlySpan<float>(Bias + row, y.Length), y);
        if (Activation != null)
            Activation(y);
        if (Factor != null)
            Multiply.Apply(new ReadOnlySpan<float>(Factor + at, y.Length), y);
        if (Residual != null)
            Add.Apply(y, new Span<float>(Residual + at, y.Length));
    }
}
