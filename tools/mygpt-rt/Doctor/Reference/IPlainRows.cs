using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Doctor.Reference;

/// <summary>Rows of weights as docs/weights-format.md stores them, and what a linear layer makes of them as docs/numerics.md says.</summary>
internal interface IPlainRows
{
    /// <summary>The rows' bytes.</summary>
    byte[] Bytes { get; }

    /// <summary>One weight.</summary>
    float Weight(int row, int column);

    /// <summary>The products of one token with every row.</summary>
    /// <param name="x">The token's input, (columns).</param>
    /// <param name="y">Destination, (rows).</param>
    void Multiply(ReadOnlySpan<float> x, Span<float> y);

    /// <summary>Random rows of a type.</summary>
    /// <param name="type">A type of weights.</param>
    /// <param name="rows">Their number.</param>
    /// <param name="columns">Weights of each.</param>
    /// <param name="seed">Other seeds, other weights.</param>
    static IPlainRows Random(ElementType type, int rows, int columns, int seed) => type switch
    {
        ElementType.F32 => new PlainFloats(isNarrow: false, columns, Numbers.Floats(rows * columns, seed)),
        ElementType.Bf16 => new PlainFloats(isNarrow: true, columns, Array.ConvertAll(Numbers.Floats(rows * columns, seed), Numbers.RoundToBf16)),
        ElementType.Q8 => new PlainBlocks(isQ4: false, rows, columns, seed),
        ElementType.Q4 => new PlainBlocks(isQ4: true, rows, columns, seed),
        ElementType.U32 or ElementType.U8 => throw new ArgumentException("A tokenizer table has no rows of weights.", nameof(type)),
    };
}
