using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

/// <summary>Ways to run a model that the tests compare.</summary>
internal static class ModelRuns
{
    private const double Tolerance = 3e-6;

    // Inputs of 15 bits: half a step of a row's largest input is 3e-5 of it, a product of a layer some 1e-5 to 1e-4 of its own size.
    private const double QuantizedTolerance = 3e-4;

    /// <summary>Logits of every position of one sequence, (T * V).</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">The sequence, (T).</param>
    /// <param name="threads">Threads of the session.</param>
    /// <param name="step">Tokens a call.</param>
    /// <param name="kvType">What keys and values are cached as.</param>
    public static float[] Logits(InMemoryModel model, int[] ids, int threads = 2, int step = int.MaxValue, KvType kvType = KvType.F32)
    {
        using Activations activations = Activations(model.Config, threads);
        using var cache = new KvCache(model.Config, kvType);
        var batch = new TokenBatch();
        List<float> logits = [];
        for (int at = 0; at < ids.Length; at += Math.Min(step, ids.Length))
        {
            batch.Clear();
            batch.Add(cache, ids.AsSpan(at, Math.Min(step, ids.Length - at)), LogitRows.All);
            logits.AddRange(model.Gpt.Forward(batch, activations));
        }
        return [.. logits];
    }

    /// <summary>Working memory whose threads all work, also on a machine with fewer processors.</summary>
    public static Activations Activations(GptConfig config, int threads) => new(config, threads, processors: Math.Max(threads, Environment.ProcessorCount));

    /// <summary>Holds every logit against the double-precision reference.</summary>
    /// <param name="model">The model.</param>
    /// <param name="ids">The sequence, (T).</param>
    public static void AssertMatchesReference(InMemoryModel model, int[] ids)
    {
        double[][] expected = model.Reference.Forward(ids);
        float[] actual = Logits(model, ids);

        // float32 against float64 over a handful of layers: PyTorch's own runs of such models differ by 1e-6 to 1e-5 of the largest logit.
        double largest = expected.Max(row => row.Max(Math.Abs));
        double tolerance = model.Gpt.Weights.TokenEmbedding.Type is ElementType.Q8 or ElementType.Q4 ? QuantizedTolerance : Tolerance;
        for (int t = 0; t < ids.Length; t++)
        {
            for (int v = 0; v < model.Config.VocabSize; v++)
                Assert.Equal(expected[t][v], actual[t * model.Config.VocabSize + v], tolerance * largest);
        }
    }

    /// <summary>Token ids that wander through the vocabulary.</summary>
    public static int[] Ids(GptConfig config, int count) => [.. Enumerable.Range(0, count).Select(i => (i * 997 + 13) % config.VocabSize)];

    /// <summary>The bits of floats: equality that tells 0 from -0.</summary>
    public static uint[] Bits(IEnumerable<float> values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
}
