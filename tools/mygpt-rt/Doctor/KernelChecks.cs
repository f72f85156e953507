using MyGpt.CommandLine.Doctor.Checks;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Scoring;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Doctor;

/// <summary>
/// Every kernel with its check. They run as a model runs them: with the instruction set that this machine gets, and on its threads. References are plain
/// code that calls no kernel: the canonical order of docs/numerics.md one number after the other, or double precision and the bound stated there.
/// </summary>
internal static class KernelChecks
{
    /// <summary>All of them.</summary>
    public static unsafe IReadOnlyList<KernelCheck> All() =>
    [
        .. Enum.GetValues<ElementType>().Where(type => type.IsWeight()).SelectMany(IEnumerable<KernelCheck> (type) =>
        [
            LayerChecks.Layer(type, Linear.Apply),
            EmbeddingChecks.Embedding(type, Linear.Embed),
        ]),
        .. Enum.GetValues<KvType>().SelectMany(IEnumerable<KernelCheck> (type) =>
        [
            AttentionChecks.Store(type, CachedAttention.Store),
            AttentionChecks.Attend(type, CachedAttention.Attend),
        ]),
        SoftmaxChecks.Softmax(Softmax.Apply),
        NormChecks.LayerNorm(LayerNorm.Apply),
        NormChecks.RmsNorm(RmsNorm.Apply),
        NormChecks.Rows(),
        RotaryChecks.Angles((position, cos, sin) => RotaryAngles.ForPairs(cos.Length, RotaryChecks.Base).Write(position, cos, sin)),
        RotaryChecks.Pairs(RotaryPairs.Apply),
        RotaryChecks.Halves(RotaryHalves.Apply),
        RotaryChecks.Rows(),
        ElementwiseChecks.GeluErf(GeluErf.Apply),
        ElementwiseChecks.GeluTanh(GeluTanh.Apply),
        ElementwiseChecks.Relu(Relu.Apply),
        ElementwiseChecks.ReluSquared(ReluSquared.Apply),
        ElementwiseChecks.Silu(Silu.Apply),
        ElementwiseChecks.Add(Add.Apply),
        ElementwiseChecks.Multiply(Multiply.Apply),
        ElementwiseChecks.Divide(Divide.Apply),
        SamplingChecks.ArgMax(ArgMax.Find),
        SamplingChecks.TopK((k, logits) => new TopK(k).Apply(logits)),
        SamplingChecks.Draw(Categorical.Draw),
        ScoringChecks.LogProbability(LogSoftmax.Of),
        ScoringChecks.Divergence(KlDivergence.Of),
        ScoringChecks.Rank(TokenRank.Of),
        QuantizerChecks.Q8(Q8Quantizer.Quantize, Q8Quantizer.Widen),
        QuantizerChecks.Q4(Q4Quantizer.Quantize, Q4Quantizer.Widen),
    ];
}
