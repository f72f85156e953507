using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>Reads a row of a table, or adds it.</summary>
internal delegate void EmbeddingKernel(TensorView table, int row, Span<float> y, bool add);

/// <summary>Rows of embeddings of each weight type, to the bit.</summary>
internal static unsafe class EmbeddingChecks
{
    private static readonly int[] Widths = [5, 64, 100];
    private static readonly bool[] Additions = [false, true];

    /// <summary>Embeddings of one type.</summary>
    /// <param name="type">A type of weights.</param>
    /// <param name="read">Reads a row.</param>
    public static KernelCheck Embedding(ElementType type, EmbeddingKernel read) => new($"embedding, {type.Code()}", [typeof(Embedding<>), typeof(BlockEmbedding<>)], () =>
        from columns in Widths
        from add in Additions
        select Try(type, read, columns, add));

    private static Trial Try(ElementType type, EmbeddingKernel read, int columns, bool add)
    {
        const int rows = 3, row = 1;
        IPlainRows weights = IPlainRows.Random(type, rows, columns, seed: columns);
        float[] y = Numbers.Floats(columns, seed: 1);
        float[] expected = [.. y.Select((start, i) => add ? start + weights.Weight(row, i) : weights.Weight(row, i))];
        fixed (byte* w = weights.Bytes)
            read(new TensorView("", type, SectionLayout.Rows, rows, columns, w), row, y, add);
        return Trial.Exact($"{columns} columns{(add ? ", added" : "")}", y, expected);
    }
}
