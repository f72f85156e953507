using System.Runtime.InteropServices;

namespace MyGpt.CommandLine.Doctor.Reference;

/// <summary>Rows of float32 or bfloat16.</summary>
/// <param name="isNarrow">Whether they are stored as bfloat16, which holds the weights exactly.</param>
/// <param name="columns">Weights of a row.</param>
/// <param name="weights">The weights, (rows, columns).</param>
internal sealed class PlainFloats(bool isNarrow, int columns, float[] weights) : IPlainRows
{
    public byte[] Bytes
    {
        get
        {
            byte[] bytes = MemoryMarshal.AsBytes<float>(weights).ToArray();
            return isNarrow ? [.. bytes.Where((_, i) => i % sizeof(float) >= sizeof(ushort))] : bytes;   // the upper half, little-endian
        }
    }

    public float Weight(int row, int column) => weights[(row * columns) + column];

    public void Multiply(ReadOnlySpan<float> x, Span<float> y)
    {
        for (int row = 0; row < y.Length; row++)
            y[row] = CanonicalSum.OfProducts(weights.AsSpan(row * columns, columns), x);
    }
}
