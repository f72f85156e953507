using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Model;

/// <summary>
/// What a step of decoding costs by its number of tokens: as much as with one token, and a price for each further one. Weights that come from memory
/// are read once for all of them, so the more bytes a weight has, the cheaper the others are; where a cache holds the weights, arithmetic is what counts.
/// </summary>
/// <remarks>
/// Counts, not times: the same on every machine. They say what is worth trying, and never reach a result. Measured on two threads of a Zen 4 and
/// rounded up; the figures are in docs/speculation.md.
/// </remarks>
/// <param name="price">What each token after the first costs, in units of <see cref="Token"/>; more than 0.</param>
internal readonly struct StepCost(int price)
{
    /// <summary>Units in what a step of one token costs; as a price, no gain.</summary>
    public const int Token = 128;

    // Beyond a usual share of a third-level cache, and within the caches of two cores.
    private const long FromMemory = 32 << 20, Small = 4 << 20;

    /// <summary>What each token after the first costs.</summary>
    public int Price { get; } = price;

    /// <summary>The cost of a model's steps: the mean of its weights' types, by the size of all.</summary>
    public static StepCost Of(GptWeights weights)
    {
        List<TensorView> matrices = [weights.Head.Matrix];
        foreach (BlockWeights block in weights.Blocks)
        {
            matrices.AddRange(block.Qkv.Matrix, block.Projection.Matrix, block.MlpUp.Matrix, block.MlpDown.Matrix);
            if (block.MlpGate is { } gate)
                matrices.Add(gate.Matrix);
        }
        long bytes = matrices.Sum(matrix => matrix.ByteLength);
        return new StepCost((int)Math.Ceiling(matrices.Sum(matrix => Count(matrix) * PriceOf(matrix.Type, bytes)) / matrices.Sum(Count)));

        static double Count(TensorView matrix) => (double)matrix.Rows * matrix.Columns;
    }

    /// <summary>The price where all weights are of one type.</summary>
    /// <param name="type">A type of weights.</param>
    /// <param name="bytes">How much there is of them.</param>
    public static int PriceOf(ElementType type, long bytes)
    {
        if (bytes < Small)
            return Token;
        bool fromCache = bytes < FromMemory;
        return type switch
        {
            ElementType.F32 or ElementType.Bf16 => fromCache ? 84 : 40,
            ElementType.Q8 => fromCache ? 120 : 56,
            ElementType.Q4 => fromCache ? 120 : 96,
            ElementType.U32 or ElementType.U8 => throw new InvalidOperationException("tokenizer tables are no layers"),
        };
    }

    /// <summary>A step of so many tokens, in steps of one token each.</summary>
    public double Of(int tokens) => 1 + (double)Price * (tokens - 1) / Token;

    /// <summary>One more token beside so many, in units of what each of those costs there: more than alone, since they share what a step costs.</summary>
    public int Beside(int tokens) => (int)((long)Token * Price * tokens / (Token + (long)Price * (tokens - 1)));
}
