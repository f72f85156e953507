using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Model;

/// <summary>
/// What a step of decoding costs, by its number of tokens: 1 for the first, and a price for each further one. Weights that come from memory are read
/// once for all tokens, so the more bytes a weight has, the lower is the price; where a cache holds the weights, arithmetic decides, and it is higher.
/// </summary>
/// <remarks>
/// Prices are constants, not measured where the model runs: the same on every machine. They decide what is worth guessing, and never change a result.
/// They were measured on two threads of a Zen 4 and rounded up; the figures are in docs/speculation.md.
/// </remarks>
/// <param name="price">What each token after the first costs, in units of <see cref="Token"/>; more than 0.</param>
internal readonly struct StepCost(int price)
{
    /// <summary>The cost of a step of one token, in the units of all prices. As a price it means that two tokens cost as much in one step as in two.</summary>
    public const int Token = 128;

    // Bytes of weights: from the first on they do not fit a usual share of a third-level cache; below the second they fit the caches of two cores.
    private const long FromMemory = 32 << 20, Small = 4 << 20;

    /// <summary>What each token after the first costs.</summary>
    public int Price { get; } = price;

    /// <summary>The cost of a model's steps: the mean price of its weights by their types. The bytes of all matrices together say where they come from.</summary>
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
    /// <param name="bytes">Bytes of all weights.</param>
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

    /// <summary>What each token of a step of so many costs, as a share of what one alone costs.</summary>
    public double PerToken(int tokens) => (1 + (double)Price * (tokens - 1) / Token) / tokens;

    /// <summary>
    /// The price of one more token in a step of so many, where <see cref="Token"/> stands for what each of those costs. It rises with their number: the
    /// more share a step, the less each of them costs.
    /// </summary>
    public int Beside(int tokens) => (int)((long)Token * Price * tokens / (Token + (long)Price * (tokens - 1)));
}
