using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Doctor.Machine;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Doctor;

/// <summary>
/// The tokens per second to expect of a model: an estimate from what a token reads and computes, what the machine can do, and the share of that which
/// the runtime reached where it was measured (docs/performance.md).
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

    /// <summary>Estimates.</summary>
    /// <param name="weights">The model.</param>
    /// <param name="limits">The machine with the threads that the model is to run on.</param>
    public static ExpectedSpeed Of(GptWeights weights, MachineLimits limits)
    {
        ElementType type = ModelCost.MatrixType(weights);
        GptConfig config = weights.Config;
        int prompt = Math.Min(LongestPrompt, config.ContextLength);
        double flops = ModelCost.PrefillFlopsPerToken(weights, config, prompt);
        double seconds = ModelCost.Multiplied(weights).Sum(matrix => ModelCost.Bytes(matrix) / ReadShare(matrix.Type)) / (limits.Read.Median * 1e9);
        return new ExpectedSpeed(type, ModelCost.BytesPerToken(weights), flops, prompt, 1 / seconds, limits.KernelFma.Median * 1e9 * ComputeShare(type) / flops);
    }

    /// <summary>The share of the read rate that decoding reaches.</summary>
    public static double ReadShare(ElementType type) => type switch
    {
        ElementType.F32 => 0.86,
        ElementType.Bf16 => 0.79,
        ElementType.Q8 => 0.75,
        ElementType.Q4 => 0.66,
        ElementType.U32 or ElementType.U8 => throw new ArgumentException("A tokenizer table is not multiplied.", nameof(type)),
    };

    /// <summary>The share of the multiply-add rate that a prompt reaches.</summary>
    public static double ComputeShare(ElementType type) => type switch
    {
        ElementType.F32 => 0.74,
        ElementType.Bf16 => 0.75,
        ElementType.Q8 => 0.95,
        ElementType.Q4 => 0.97,
        ElementType.U32 or ElementType.U8 => throw new ArgumentException("A tokenizer table is not multiplied.", nameof(type)),
    };
}
