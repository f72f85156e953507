using MyGpt.CommandLine.Bench;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Doctor;

/// <summary>
/// The tokens per second to expect of a model: an estimate from what a token reads and computes, what the machine can do, and the share of that which
/// the runtime reached where it was measured. docs/doctor.md derives it and says how far it was off.
/// </summary>
/// <param name="Type">Type of the matrices.</param>
/// <param name="BytesPerToken">Bytes of weights that a decoded token reads.</param>
/// <param name="FlopsPerToken">Floating-point operations for each token of the prompt.</param>
/// <param name="PromptLength">Tokens of the prompt.</param>
/// <param name="Decode">Tokens per second, one after the other, at the beginning of the context.</param>
/// <param name="Prefill">Tokens per second of the prompt.</param>
internal sealed record ExpectedSpeed(ElementType Type, long BytesPerToken, double FlopsPerToken, int PromptLength, double Decode, double Prefill)
{
    private const int LongestPrompt = 512;

    // Seconds for each element of the residual stream and layer: norms, attention, activation, hand-offs; of a token alone, and of many.
    private const double RestAlone = 30e-9, RestOfMany = 12e-9;

    // Starting and ending an output costs as much as so many columns of it.
    private const double ColumnsPerOutput = 60;

    /// <summary>Estimates.</summary>
    /// <param name="weights">The model.</param>
    /// <param name="one">The machine with one thread, which small matrices run on.</param>
    /// <param name="all">The machine with the threads that the model is to run on.</param>
    public static ExpectedSpeed Of(GptWeights weights, MachineLimits one, MachineLimits all)
    {
        GptConfig config = weights.Config;
        int prompt = Math.Min(LongestPrompt, config.ContextLength);
        double elements = (double)config.LayerCount * config.EmbeddingDim;
        double alone = ModelCost.Multiplied(weights).Sum(matrix => SecondsAlone(matrix, IsSmall(matrix) ? one : all));

        ElementType type = ModelCost.MatrixType(weights);
        double flops = ModelCost.PrefillFlopsPerToken(weights, config, prompt);
        double outputs = ModelCost.Multiplied(weights).Sum(matrix => 2 * ColumnsPerOutput * matrix.Rows) - (2 * ColumnsPerOutput * config.VocabSize);   // the head runs once
        double many = (flops + outputs) / (Shares.Of(type).Prefill * all.KernelFma.Median * 1e9);
        return new ExpectedSpeed(
            type, ModelCost.BytesPerToken(weights), flops, prompt, 1 / (alone + (elements * RestAlone)), 1 / (many + (elements * RestOfMany)));
    }

    // Reading and computing overlap, but not wholly where they take equally long.
    private static double SecondsAlone(TensorView matrix, MachineLimits limits)
    {
        double reading = ModelCost.Bytes(matrix) / (limits.Read.Median * 1e9);
        double computing = 2.0 * matrix.Rows * matrix.Columns / (Shares.Of(matrix.Type).Decode * limits.KernelFma.Median * 1e9);
        return double.Hypot(reading, computing);
    }

    private static bool IsSmall(TensorView matrix) => (long)matrix.Rows * matrix.Columns < RowPartition.SerialWork;

    /// <summary>What the layers of a type reached of the machine's limits.</summary>
    /// <param name="Decode">Of the multiply-add rate, where one token meets the weights and reading takes no time.</param>
    /// <param name="Prefill">Of the multiply-add rate, where many tokens meet the weights; integer kernels can pass 1.</param>
    private readonly record struct Shares(double Decode, double Prefill)
    {
        public static Shares Of(ElementType type) => type switch
        {
            ElementType.F32 => new(0.25, 0.98),
            ElementType.Bf16 => new(0.38, 0.93),
            ElementType.Q8 or ElementType.Q4 => new(0.52, 1.16),
            ElementType.U32 or ElementType.U8 => throw new ArgumentException("A tokenizer table is not multiplied.", nameof(type)),
        };
    }
}
