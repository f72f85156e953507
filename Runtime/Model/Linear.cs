using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Model;

/// <summary>Where the type codes of weights.bin meet the kernels: one arm per weight type.</summary>
internal static unsafe class Linear
{
    /// <summary>From this many tokens on, laying out inputs costs less than it saves: two were equal at 124 M parameters, and slower with the demo model.</summary>
    public const int BatchTokens = 3;

    /// <summary>From this many tokens on, laying out weights does too.</summary>
    public const int PackedTokens = BatchScratch.MostTokens + 1;

    /// <summary>y = f(x W^T + bias) * factor, or residual += x W^T + bias.</summary>
    /// <param name="activations">Who runs it, and scratch memory.</param>
    /// <param name="weights">W, (out, in), and bias, (out).</param>
    /// <param name="x">Input, (T, in).</param>
    /// <param name="tokens">T.</param>
    /// <param name="y">Output, (T, out).</param>
    /// <param name="activation">f, or null for none.</param>
    /// <param name="factor">What the output is multiplied by, (T, out), or null.</param>
    /// <param name="residual">What the output is added to, (T, out), or null.</param>
    public static void Apply(
        Activations activations,
        LinearWeights weights,
        float* x,
        int tokens,
        float* y,
        delegate*<Span<float>, void> activation = null,
        float* factor = null,
        float* residual = null)
    {
        var epilogue = new Epilogue
        {
            Bias = weights.Bias is { } bias ? (float*)bias.Data : null,
            Activation = activation,
            Factor = factor,
            Residual = residual,
        };
        delegate*<Activations, LinearWeights, float*, int, float*, Epilogue, void> run = weights.Matrix.Type switch
        {
            ElementType.F32 => &Run<F32Rows>,
            ElementType.Bf16 => &Run<Bf16Rows>,
            ElementType.Q8 => &RunBlocks<Q8Rows>,
            ElementType.Q4 => &RunBlocks<Q4Rows>,
            ElementType.U32 or ElementType.U8 => throw new InvalidOperationException($"tensor '{weights.Matrix.Name}' is a tokenizer table"),
        };
        run(activations, weights, x, tokens, y, epilogue);
    }

    /// <summary>y = row of the table, or y = y + row.</summary>
    public static void Embed(TensorView table, int row, Span<float> y, bool add)
    {
        delegate*<TensorView, int, Span<float>, bool, void> read = table.Type switch
        {
            ElementType.F32 => &Read<F32Rows>,
            ElementType.Bf16 => &Read<Bf16Rows>,
            ElementType.Q8 => &ReadBlocks<Q8Rows>,
            ElementType.Q4 => &ReadBlocks<Q4Rows>,
            ElementType.U32 or ElementType.U8 => throw new InvalidOperationException($"tensor '{table.Name}' is a tokenizer table"),
        };
        read(table, row, y, add);
    }

    private static void Run<TWeights>(Activations activations, LinearWeights weights, float* x, int tokens, float* y, Epilogue epilogue)
        where TWeights : struct, IWeightType
    {
        var layer = new MatMul<TWeights>
        {
            W = weights.Matrix.Data,
            X = x,
            Y = y,
            Epilogue = epilogue,
            Tokens = tokens,
            InDim = weights.Matrix.Columns,
            OutDim = weights.Matrix.Rows,
        };
        if (tokens < BatchTokens)
            layer.Run(activations.Partition);
        else if (tokens < PackedTokens)
            new BatchMatMul<TWeights>(layer, activations.Batch.Scratch).Run(activations.Partition);
        else
            new PackedMatMul<TWeights>(layer, activations.Packed.Memory).Run(activations.Partition);
    }

    private static void RunBlocks<TBlock>(Activations activations, LinearWeights weights, float* x, int tokens, float* y, Epilogue epilogue)
        where TBlock : struct, IBlockRows
    {
        QuantizedScratch scratch = activations.Quantized;
        QuantizedInput input = scratch.Input(weights.Matrix.Columns);
        new QuantizeRows { X = x, Y = input, Tokens = tokens, Columns = weights.Matrix.Columns }.Run(activations.Partition);
        new BlockMatMul<TBlock>
        {
            W = weights.Matrix.Data,
            X = input,
            Panels = scratch.Panels,
            PanelLength = scratch.PanelLength,
            Y = y,
            Epilogue = epilogue,
            Tokens = tokens,
            InDim = weights.Matrix.Columns,
            OutDim = weights.Matrix.Rows,
        }.Run(activations.Partition);
    }

    private static void Read<TWeights>(TensorView table, int row, Span<float> y, bool add)
        where TWeights : struct, IWeightType => Simd.Run(new Embedding<TWeights>(table.Data, row, y, add));

    private static void ReadBlocks<TBlock>(TensorView table, int row, Span<float> y, bool add)
        where TBlock : struct, IBlockRows => Simd.Run(new BlockEmbedding<TBlock>(table.Data, row, y, add));
}
