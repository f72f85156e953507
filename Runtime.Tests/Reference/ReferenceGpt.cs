using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Reference;

/// <summary>
/// A GPT in double precision, as plainly as it can be written: no cache, no lanes, no threads, nothing shared with the code
/// under test but the config.
/// </summary>
public sealed class ReferenceGpt(GptConfig config, Func<string, double[]> tensor)
{
    private Action<string, double[][]>? _show;

    /// <summary>Logits of every position, [T][V].</summary>
    /// <param name="ids">The sequence, (T).</param>
    /// <param name="show">Gets the name and the output, [T][width], of each operation that <c>docs/reference-logits.md</c> lists, in the order of computation.</param>
    public double[][] Forward(IReadOnlyList<int> ids, Action<string, double[][]>? show = null)
    {
        _show = show;
        int c = config.EmbeddingDim;
        double[] tokens = tensor("token_embedding");
        double[][] x = [.. ids.Select(id => tokens[(id * c)..(id * c + c)])];
        if (config.Position == PositionKind.Learned)
        {
            double[] positions = tensor("position_embedding");
            AddTo(x, [.. ids.Select((_, t) => positions[(t * c)..(t * c + c)])]);
        }
        Show("embedding", x);
        if (config.EmbeddingNorm)
            x = Show("embedding_norm", Norm(x, "embedding_norm"));
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string block = $"blocks.{layer}.";
            AddTo(x, Attention(Show(block + "attention_norm", Norm(x, block + "attention_norm")), block));
            Show(block + "attention_residual", x);
            double[][] normed = Show(block + "mlp_norm", Norm(x, block + "mlp_norm")), up = Linear(normed, block + "mlp.up", config.MlpUpBias);
            double[][] hidden = config.GatedMlp
                ? [.. Linear(normed, block + "mlp.gate", config.MlpUpBias).Zip(up, (g, u) => g.Zip(u, (a, b) => Activate(a) * b).ToArray())]
                : [.. up.Select(row => row.Select(Activate).ToArray())];
            AddTo(x, Linear(Show(block + "mlp_hidden", hidden), block + "mlp.down", config.MlpDownBias));
            Show(block + "mlp_residual", x);
        }
        double[] head = tensor(config.TiedHead ? "token_embedding" : "head.weight");
        double[][] logits = Product(config.FinalNorm ? Show("final_norm", Norm(x, "final_norm")) : x, head);
        return Show("logits", config.HeadBias ? AddBias(logits, tensor("head.bias")) : logits);
    }

    // A copy goes out: x is added to in place.
    private double[][] Show(string operation, double[][] output)
    {
        _show?.Invoke(operation, [.. output.Select(row => row.ToArray())]);
        return output;
    }

    private double[][] Attention(double[][] x, string block)
    {
        double[][] qkv = Show(block + "qkv", Linear(x, block + "attention.qkv", config.QkvBias));
        int hs = config.HeadDim, group = config.HeadCount / config.KvHeadCount;
        int keys = config.HeadCount * hs, values = keys + config.KvHeadCount * hs;
        for (int t = 0; t < x.Length; t++)
        {
            for (int head = 0; head < values; head += hs)
                Rotate(qkv[t].AsSpan(head, hs), t);
        }
        var mixed = new double[x.Length][];
        for (int t = 0; t < x.Length; t++)
        {
            mixed[t] = new double[config.HeadCount * hs];
            for (int h = 0; h < config.HeadCount; h++)
            {
                int kv = h / group;
                double[] scores = new double[t + 1];
                for (int s = 0; s <= t; s++)
                {
                    for (int d = 0; d < hs; d++)
                        scores[s] += qkv[t][h * hs + d] * qkv[s][keys + kv * hs + d];
                    scores[s] /= Math.Sqrt(hs);
                }
                double max = scores.Max(), sum = scores.Sum(score => Math.Exp(score - max));
                for (int s = 0; s <= t; s++)
                {
                    for (int d = 0; d < hs; d++)
                        mixed[t][h * hs + d] += Math.Exp(scores[s] - max) / sum * qkv[s][values + kv * hs + d];
                }
            }
        }
        return Linear(Show(block + "attention", mixed), block + "attention.projection", config.ProjectionBias);
    }

    private void Rotate(Span<double> head, int position)
    {
        int half = head.Length / 2;
        for (int i = 0; config.Position != PositionKind.Learned && i < half; i++)
        {
            // The angle is part of the definition: float32, as the code that trained such models has it.
            float power = (float)Math.Pow(config.RotaryBase, 2f * i / head.Length), angle = position * (1f / power);
            (int first, int second) = config.Position == PositionKind.RotaryPairs ? (2 * i, 2 * i + 1) : (i, i + half);
            double a = head[first], b = head[second];
            head[first] = a * Math.Cos(angle) - b * Math.Sin(angle);
            head[second] = a * Math.Sin(angle) + b * Math.Cos(angle);
        }
    }

    private double Activate(double x) => config.Activation switch
    {
        ActivationKind.GeluErf => x * Normal.Cdf(x),
        ActivationKind.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.ReluSquared => Math.Max(x, 0) * Math.Max(x, 0),
        ActivationKind.Silu => x / (1 + Math.Exp(-x)),
    };

    private double[][] Norm(double[][] x, string name)
    {
        double[]? gain = config.NormWeight ? tensor(name + ".weight") : null, bias = config.NormBias ? tensor(name + ".bias") : null;
        return [.. x.Select(row =>
        {
            double mean = config.Norm switch
            {
                NormKind.LayerNorm => row.Average(),
                NormKind.RmsNorm => 0,
            };
            double square = row.Average(v => (v - mean) * (v - mean));
            return row.Select((v, i) => (v - mean) / Math.Sqrt(square + config.NormEpsilon) * (gain?[i] ?? 1) + (bias?[i] ?? 0)).ToArray();
        })];
    }

    private double[][] Linear(double[][] x, string name, bool hasBias)
    {
        double[][] y = Product(x, tensor(name + ".weight"));
        return hasBias ? AddBias(y, tensor(name + ".bias")) : y;
    }

    private static double[][] Product(double[][] x, double[] weights)
    {
        int inputs = x[0].Length, outputs = weights.Length / inputs;
        return [.. x.Select(row => Enumerable.Range(0, outputs).Select(o =>
        {
            double sum = 0;
            for (int i = 0; i < inputs; i++)
                sum += weights[o * inputs + i] * row[i];
            return sum;
        }).ToArray())];
    }

    private static double[][] AddBias(double[][] y, double[] bias)
    {
        foreach (double[] row in y)
        {
            for (int i = 0; i < row.Length; i++)
                row[i] += bias[i];
        }
        return y;
    }

    private static void AddTo(double[][] x, double[][] y)
    {
        for (int t = 0; t < x.Length; t++)
        {
            for (int i = 0; i < x[t].Length; i++)
                x[t][i] += y[t][i];
        }
    }
}
