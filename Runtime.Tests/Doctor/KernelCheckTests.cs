using MyGpt.CommandLine.Doctor;
using MyGpt.CommandLine.Doctor.Checks;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Scoring;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Doctor;

/// <summary>Checks pass what is right and name what is wrong.</summary>
public unsafe class KernelCheckTests
{
    [Fact]
    public void Kernels_are_right_and_each_wrong_number_is_noticed()
    {
        foreach (KernelCheck check in KernelChecks.All())
        {
            Trial[] trials = [.. check.Trials()];
            Assert.NotEmpty(trials);
            foreach (Trial trial in trials)
            {
                Assert.Null(trial.FindFault());
                for (int i = 0; i < trial.Actual.Length; i += 1 + (trial.Actual.Length / 100))
                {
                    float right = trial.Actual[i];
                    trial.Actual[i] = float.IsFinite(right) ? right + 2 : 0;
                    Assert.Contains($"element {i}: ", trial.FindFault(), StringComparison.Ordinal);
                    trial.Actual[i] = right;
                }
            }
        }
    }

    public static TheoryData<string> BrokenNames => [.. Broken().Select(check => check.Name)];

    [Theory]
    [MemberData(nameof(BrokenNames))]
    public void A_broken_kernel_is_named_and_no_other(string name)
    {
        KernelCheck broken = Broken().Single(check => check.Name == name);
        KernelExamination found = KernelExamination.Of([.. KernelChecks.All().Select(check => check.Name == name ? broken : check)]);
        KernelFault fault = Assert.Single(found.Faults);
        Assert.Equal(name, fault.Kernel);
        Assert.Contains("found", fault.Description, StringComparison.Ordinal);
        Assert.Equal(KernelChecks.All().Count, found.Kernels);
    }

    // The mistakes that such kernels are made with.
    private static KernelCheck[] Broken() =>
    [
        NormChecks.LayerNorm(static (x, gain, bias, epsilon, y) =>
        {
            LayerNorm.Apply(x, gain, bias, epsilon, y);
            if (x.Length > 8)
                y[^1] = MathF.BitIncrement(y[^1]);   // the last bit of the last element
        }),
        NormChecks.RmsNorm(static (x, gain, bias, epsilon, y) => RmsNorm.Apply(x, gain, bias, epsilon * 2, y)),
        SoftmaxChecks.Softmax(static x =>
        {
            Softmax.Exponentials(x);
            Divide.Apply(x, x[..(x.Length / 8 * 8)].ToArray().Append(1e-30f).Sum());   // the tail is not counted
        }),
        ElementwiseChecks.GeluErf(GeluTanh.Apply),
        ElementwiseChecks.Divide(static (x, divisor) =>
        {
            foreach (ref float value in x)
                value *= 1 / divisor;   // rounds twice
        }),
        ElementwiseChecks.Add(static (x, y) => Add.Apply(x[..(y.Length / 8 * 8)], y[..(y.Length / 8 * 8)])),   // no tail
        RotaryChecks.Pairs(RotaryHalves.Apply),
        SamplingChecks.ArgMax(static x => x.LastIndexOf(x[ArgMax.Find(x)])),
        SamplingChecks.TopK(static (k, x) => new TopK(k + 1).Apply(x)),
        SamplingChecks.Draw(static (probabilities, unit) => Categorical.Draw(probabilities, 1 - unit)),
        ScoringChecks.LogProbability(static (logits, token) => LogSoftmax.Of(logits[..Math.Max(token + 1, logits.Length / 8 * 8)], token)),   // no tail
        ScoringChecks.Divergence(static (reference, logits) => KlDivergence.Of(logits, reference)),
        ScoringChecks.Rank(static (logits, token) => TokenRank.Of(logits, token) + logits.Count(logits[token]) - 1),
        QuantizerChecks.Q4(static (weights, quants) => Q4Quantizer.Quantize(weights, quants), static (quants, scale, weights) =>
        {
            Q4Quantizer.Widen(quants, scale, weights);
            (weights[0], weights[1]) = (weights[1], weights[0]);
        }),
        EmbeddingChecks.Embedding(ElementType.Bf16, static (table, row, y, add) => Linear.Embed(table, row + 1, y, add)),
        LayerChecks.Layer(ElementType.Q4, static (a, layer, x, tokens, y, f, factor, residual) =>
        {
            x[0] += 0.01f;
            Linear.Apply(a, layer, x, tokens, y, f, factor, residual);
        }),
        LayerChecks.Layer(ElementType.F32, SumInOrder),
        AttentionChecks.Store(KvType.Bf16, static (a, chunk, layer) =>
        {
            a.Qkv[a.Config.QkvDim - 1] *= 1.01f;
            CachedAttention.Store(a, chunk, layer);
        }),
        AttentionChecks.Attend(KvType.F32, static (a, chunk, positions, layer) =>
        {
            for (int t = 0; t < chunk.Count - 1; t++)
                a.Rows[t] = new AttentionRow(a.Rows[t].Pages, a.Rows[t].Length + 1);   // sees the next token
            CachedAttention.Attend(a, chunk, positions, layer);
        }),
    ];

    // As good as any other order of a sum, but not the one that makes results the same everywhere.
    private static void SumInOrder(
        Activations activations, LinearWeights layer, float* x, int tokens, float* y, delegate*<Span<float>, void> activation, float* factor, float* residual)
    {
        if (residual != null)
        {
            Linear.Apply(activations, layer, x, tokens, y, activation, factor, residual);
            return;
        }
        int columns = layer.Matrix.Columns, rows = layer.Matrix.Rows;
        for (int t = 0; t < tokens; t++)
        {
            for (int row = 0; row < rows; row++)
            {
                float sum = 0;
                for (int i = 0; i < columns; i++)
                    sum = MathF.FusedMultiplyAdd(((float*)layer.Matrix.Data)[(row * columns) + i], x[(t * columns) + i], sum);
                y[(t * rows) + row] = sum;
            }
        }
    }
}
