namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>
/// How a converter writes one type of quantised weights and reads it back: a block of <see cref="BlockLayout.Length"/> weights becomes quants that
/// share a scale. An implementation has no state.
/// </summary>
/// <remarks>
/// The scale is a bfloat16. Results depend on the weights alone: every machine computes the same vectors of eight lanes, without fused operations.
/// </remarks>
internal interface IBlockQuantizer
{
    /// <summary>Bytes of the quants of one block.</summary>
    static abstract int QuantBytes { get; }

    /// <summary>Finds the scale and the quants that come closest: the least sum of squared differences of those that are tried.</summary>
    /// <param name="weights">One block, (32); short ones are filled up with zeros.</param>
    /// <param name="quants">Destination, (<see cref="QuantBytes"/>).</param>
    /// <returns>The scale. 0 for zeros, which then come back as zeros; NaN where a weight is not finite.</returns>
    static abstract ushort Quantize(ReadOnlySpan<float> weights, Span<byte> quants);

    /// <summary>Computes the weights that quants and a scale stand for, whatever their bits are.</summary>
    /// <param name="quants">The quants, (<see cref="QuantBytes"/>).</param>
    /// <param name="scale">The scale.</param>
    /// <param name="weights">Destination, (32).</param>
    static abstract void Widen(ReadOnlySpan<byte> quants, ushort scale, Span<float> weights);
}
