using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Model;

/// <summary>
/// What a step of decoding costs by its number of tokens: as much as with one token, and a price for each further one, since weights are read from
/// memory once for all of them.
/// </summary>
/// <remarks>
/// Counts, not times: the same on every machine. They say what is worth trying, and never reach a result. Measured with a 124 M model on two threads
/// (docs/speculation.md), and rounded up.
/// </remarks>
internal readonly struct StepCost
{
    /// <summary>Units in what a step of one token costs.</summary>
    public const int Token = 64;

    private readonly int _price;   // of each token after the first

    private StepCost(int price) => _price = price;

    /// <summary>The cost of a model's steps: the mean of its weight types, each as often as it occurs.</summary>
    public static StepCost Of(GptWeights weights)
    {
        long price = Price(weights.Head), size = Size(weights.Head);
        foreach (BlockWeights block in weights.Blocks)
        {
            foreach (LinearWeights? layer in (ReadOnlySpan<LinearWeights?>)[block.Qkv, block.Projection, block.MlpUp, block.MlpGate, block.MlpDown])
            {
                price += layer is null ? 0 : Price(layer);
                size += layer is null ? 0 : Size(layer);
            }
        }
        return new StepCost((int)(price / size));

        static long Size(LinearWeights layer) => (long)layer.Matrix.Rows * layer.Matrix.Columns;
        static long Price(LinearWeights layer) => Size(layer) * Of(layer.Matrix.Type);
    }

    /// <summary>A step of so many tokens, in steps of one token each.</summary>
    public double Of(int tokens) => 1 + (double)_price * (tokens - 1) / Token;

    /// <summary>One more token beside so many, in units of what each of those costs there: more than alone, since they share what a step costs.</summary>
    public int Beside(int tokens) => (int)((long)Token * _price * tokens / (Token + (long)_price * (tokens - 1)));

    private static int Of(ElementType type) => type switch
    {
        ElementType.F32 => 16,
        ElementType.Bf16 => 20,
        ElementType.Q8 => 28,
        ElementType.Q4 => 44,
        ElementType.U32 or ElementType.U8 => throw new InvalidOperationException("Tokenizer tables are no layers."),
    };
}
