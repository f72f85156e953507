using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>A linear layer: y = f(x W^T + bias) * factor, or residual += that.</summary>
internal unsafe delegate void LayerKernel(
    Activations activations, LinearWeights weights, float* x, int tokens, float* y, delegate*<Span<float>, void> activation, float* factor, float* residual);

/// <summary>Linear layers of each weight type, to the bit, on as many threads as a model would have.</summary>
internal static unsafe class LayerChecks
{
    // Each reaches other tiles. One token: narrow rows and a vector at their end; more of them than the narrow tile takes, but too few to be cut over
    // threads; long rows, cut, of an odd number of blocks. Two. A batch: fewer rows than its tiles have; a tail.
    private static readonly (int Columns, int Rows, int Tokens)[] Few = [(72, 29, 1), (128, 311, 1), (264, 161, 1), (96, 38, 2), (40, 7, 3), (100, 13, 5)];

    // Floats: two blocks of columns and a tail; many tokens, with what is left of tiles, groups and panels; rows so long that panels are shorter.
    private static readonly (int Columns, int Rows, int Tokens)[] ManyOfFloats = [(395, 55, 21), (203, 61, 37), (1537, 25, 33)];

    // Blocks, whose panels know no longest row, of as many tokens as are worth unpacking for: more rows than are unpacked at once, on one thread; an odd
    // number of blocks, cut.
    private static readonly (int Columns, int Rows, int Tokens)[] ManyOfBlocks = [(40, 75, 10), (395, 55, 9)];

    /// <summary>Layers of one type.</summary>
    /// <param name="type">A type of weights.</param>
    /// <param name="apply">The layer.</param>
    public static KernelCheck Layer(ElementType type, LayerKernel apply) => new($"linear layer, {type.Code()}", Kernels(type), () => Trials(type, apply));

    private static Type[] Kernels(ElementType type) => type switch
    {
        ElementType.F32 => [.. Floats, typeof(F32Rows)],
        ElementType.Bf16 => [.. Floats, typeof(Bf16Rows)],
        ElementType.Q8 => [.. Blocks, typeof(Q8Rows)],
        ElementType.Q4 => [.. Blocks, typeof(Q4Rows)],
        ElementType.U32 or ElementType.U8 => [],
    };

    private static Type[] Floats =>
    [
        typeof(MatMul<>), typeof(MatMulTile), typeof(DecodeTile), typeof(DecodeStreams), typeof(NarrowTile),
        typeof(BatchMatMul<>), typeof(BatchTile), typeof(BatchInputs), typeof(PackedMatMul<>), typeof(PackedTile), typeof(WeightPanel), typeof(InputTiles),
    ];

    private static Type[] Blocks => [typeof(BlockMatMul<>), typeof(BlockStreams), typeof(BlockTile), typeof(BlockPanel), typeof(QuantizeRows)];

    private static IEnumerable<Trial> Trials(ElementType type, LayerKernel apply)
    {
        (int Columns, int Rows, int Tokens)[] shapes = [.. Few, .. type is ElementType.F32 or ElementType.Bf16 ? ManyOfFloats : ManyOfBlocks];
        var config = new GptConfig
        {
            VocabSize = 1, ContextLength = shapes.Max(shape => shape.Tokens), EmbeddingDim = shapes.Max(shape => shape.Columns), LayerCount = 1,
            HeadCount = 1, KvHeadCount = 1, HeadDim = 1, MlpDim = 1, Activation = ActivationKind.Relu,
        };
        using var activations = new Activations(config, Environment.ProcessorCount);
        return [.. shapes.SelectMany(shape => Trials(type, apply, activations, shape.Columns, shape.Rows, shape.Tokens))];
    }

    private static Trial[] Trials(ElementType type, LayerKernel apply, Activations activations, int columns, int rows, int tokens)
    {
        IPlainRows weights = IPlainRows.Random(type, rows, columns, seed: columns);
        float[] x = Numbers.Floats(tokens * columns, seed: rows), products = new float[tokens * rows];
        for (int t = 0; t < tokens; t++)
            weights.Multiply(x.AsSpan(t * columns, columns), products.AsSpan(t * rows, rows));
        float[] bias = Numbers.Floats(rows, seed: 1), factor = Numbers.Floats(products.Length, seed: 2), residual = Numbers.Floats(products.Length, seed: 3);
        float[] joined = [.. products.Select((product, i) => residual[i] + (MathF.Max(product + bias[i % rows], 0) * factor[i]))];

        string call = $"{rows} rows of {columns}, {tokens} token{(tokens == 1 ? "" : "s")}";
        float[] y = new float[products.Length];
        fixed (byte* w = weights.Bytes)
        fixed (float* px = x, py = y, pb = bias, pf = factor, pr = residual)
        {
            var matrix = new TensorView("", type, SectionLayout.Rows, rows, columns, w);
            apply(activations, new LinearWeights(matrix, Bias: null), px, tokens, py, null, null, null);
            float[] alone = [.. y];
            var vector = new TensorView("", ElementType.F32, SectionLayout.Rows, 1, rows, (byte*)pb);
            apply(activations, new LinearWeights(matrix, vector), px, tokens, py, &Relu.Apply, pf, pr);
            return [Trial.Exact(call, alone, products), Trial.Exact($"{call}, with bias, activation, factor and residual", residual, joined)];
        }
    }
}
