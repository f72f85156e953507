using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Doctor.Reference;

/// <summary>Causal attention of one sequence in double precision, and what its cache must hold.</summary>
/// <param name="config">Heads and their size.</param>
/// <param name="kvType">What keys and values are cached as.</param>
/// <param name="qkv">Queries, keys and values of every token, (T, (NH + 2 NKV) * HS).</param>
internal sealed class PlainAttention(GptConfig config, KvType kvType, float[] qkv)
{
    private readonly int _headDim = config.HeadDim;

    /// <summary>Element of a key as it is cached.</summary>
    public float Key(int position, int kvHead, int i) => Cached(qkv[(position * config.QkvDim) + ((config.HeadCount + kvHead) * _headDim) + i]);

    /// <summary>Element of a value as it is cached.</summary>
    public float Value(int position, int kvHead, int i) => Cached(qkv[(position * config.QkvDim) + ((config.HeadCount + config.KvHeadCount + kvHead) * _headDim) + i]);

    /// <summary>softmax(q K^T / sqrt(HS)) V of one token, its heads side by side, (NH * HS).</summary>
    public double[] Attend(int token)
    {
        double[] mixed = new double[config.AttentionDim], weights = new double[token + 1];
        for (int head = 0; head < config.HeadCount; head++)
        {
            int kvHead = head * config.KvHeadCount / config.HeadCount;
            double sum = 0;
            for (int position = 0; position <= token; position++)
            {
                double score = 0;
                for (int i = 0; i < _headDim; i++)
                    score += (double)qkv[(token * config.QkvDim) + (head * _headDim) + i] * Key(position, kvHead, i);
                sum += weights[position] = Math.Exp(score / Math.Sqrt(_headDim));
            }
            for (int i = 0; i < _headDim; i++)
            {
                for (int position = 0; position <= token; position++)
                    mixed[(head * _headDim) + i] += weights[position] / sum * Value(position, kvHead, i);
            }
        }
        return mixed;
    }

    private float Cached(float value) => kvType switch
    {
        KvType.F32 => value,
        KvType.Bf16 => Numbers.RoundToBf16(value),
    };
}
