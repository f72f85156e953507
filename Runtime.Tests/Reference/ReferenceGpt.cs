using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Reference;

/// <summary>
/// A GPT in double precision, as plainly as it can be written: no cache, no lanes, no threads, nothing shared with the code
/// under test but the config.
/// </summary>
public sealed class ReferenceGpt(GptConfig config, Func<string, double[]> tensor)
{
    /// <summary>Logits of every position, [T][V].</summary>
    public double[][] Forward(IReadOnlyList<int> ids)
    {
        int c = config.EmbeddingDim;
        double[] tokens = tensor("token_embedding"), positions = tensor("position_embedding");
        double[][] x = [.. ids.Select((id, t) => Enumerable.Range(0, c).Select(i => tokens[id * c + i] + positions[t * c + i]).ToArray())];
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string block = $"blocks.{layer}.";
            AddTo(x, Attention(Norm(x, block + "attention_norm"), block));
            double[][] hidden = Linear(Norm(x, block + "mlp_norm"), block + "mlp.up", config.MlpUpBias);
            foreach (double[] row in hidden)
            {
                for (int i = 0; i < row.Length; i++)
                    row[i] = Activate(row[i]);
            }
            AddTo(x, Linear(hidden, block + "mlp.down", config.MlpDownBias));
        }
        double[] head = tensor(config.TiedHead ? "token_embedding" : "head.weight");
        double[][] logits = Product(Norm(x, "final_norm"), head);
        return config.HeadBias ? AddBias(logits, tensor("head.bias")) : logits;
    }

    private double[][] Attention(double[][] x, string block)
    {
        double[][] qkv = Linear(x, block + "attention.qkv", config.QkvBias);
        int hs = config.HeadDim, group = config.HeadCount / config.KvHeadCount;
        int keys = config.HeadCount * hs, values = keys + config.KvHeadCount * hs;
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
        return Linear(mixed, block + "attention.projection", config.ProjectionBias);
    }

    private double Activate(double x) => config.Activation switch
    {
        ActivationKind.GeluErf => x * Normal.Cdf(x),
        ActivationKind.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.ReluSquared => Math.Max(x, 0) * Math.Max(x, 0),
    };

    private double[][] Norm(double[][] x, string name)
    {
        double[] gain = tensor(name + ".weight");
        double[]? bias = config.NormBias ? tensor(name + ".bias") : null;
        return [.. x.Select(row =>
        {
            double mean = row.Average(), variance = row.Average(v => (v - mean) * (v - mean));
            return row.Select((v, i) => (v - mean) / Math.Sqrt(variance + config.NormEpsilon) * gain[i] + (bias?[i] ?? 0)).ToArray();
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
