using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>What a text's tokens are worth to a model, by a plain softmax in double precision of its logits.</summary>
internal static class ScoreReference
{
    // 150 characters: two windows of 64 and one of 21.
    public static readonly string Text = string.Concat(Enumerable.Repeat("First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, ", 3))[..150];

    // -ln p of every token behind the first, from the logits of one call for each window.
    public static double Expected(string weights, string text, KvType kvType = KvType.F32, int? stride = null) =>
        LogProbabilities(weights, text, kvType, stride).Average(token => -token.Row[token.Id]);

    public static List<(int Id, double[] Row)> LogProbabilities(string weights, string text, KvType kvType = KvType.F32, int? stride = null)
    {
        using LanguageModel model = LanguageModel.Open(weights, threads: 1);
        using var activations = new Activations(model.Gpt.Config, 1);
        int[] ids = model.Tokenizer!.Encode(text);
        int context = model.Gpt.Config.ContextLength, v = model.Gpt.Config.VocabSize;
        List<(int, double[])> found = [];
        for (int start = 0; found.Count < ids.Length - 1; start += stride ?? context)
        {
            int count = Math.Min(context, ids.Length - 1 - start);
            using var cache = new KvCache(model.Gpt.Config, kvType);
            var batch = new TokenBatch();
            batch.Add(cache, ids.AsSpan(start, count), LogitRows.All);
            float[] logits = model.Gpt.Forward(batch, activations).ToArray();
            for (int t = found.Count - start; t < count; t++)
            {
                double[] row = [.. logits[(t * v)..((t + 1) * v)].Select(logit => (double)logit)];
                double sum = Math.Log(row.Sum(logit => Math.Exp(logit - row.Max()))) + row.Max();
                found.Add((ids[start + t + 1], [.. row.Select(logit => logit - sum)]));
            }
        }
        return found;
    }
}
