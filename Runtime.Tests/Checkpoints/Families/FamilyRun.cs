using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>Converts a checkpoint that a test has written, and holds the model's logits against the test's own reference.</summary>
internal static class FamilyRun
{
    public const int VocabSize = 11, ContextLength = 7, Width = 12, Layers = 2, Hidden = 20;

    /// <summary>As many tokens as the context has, one of them twice.</summary>
    public static readonly int[] Ids = [3, 0, 10, 7, 7, 1, 5];

    /// <summary>
    /// How far a float32 run may be from the double one, in largest logits. On the way to a logit lie about 14 sums a layer, one after
    /// the other (two norms, four matrices, scores, softmax, mix, residuals), of at most <see cref="Hidden"/> terms; if roundings of 2^-24 add up like
    /// a random walk, n terms cost sqrt(n) of them, and 28 sums each as much again: 28 * sqrt(20) * 2^-24 = 7.5e-6. Two parts
    /// exchanged move logits by their own size, a hundred thousand times that.
    /// </summary>
    private const double Tolerance = 8e-6;

    /// <summary>Checks family, logits, and that the report has a line for every tensor of weights.bin.</summary>
    /// <param name="family">Who must recognise it.</param>
    /// <param name="root">What is saved.</param>
    /// <param name="expected">The reference's logits for <see cref="Ids"/>.</param>
    /// <param name="options">What the user says.</param>
    public static ConversionReport Check(string family, object root, double[][] expected, ConvertOptions? options = null)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, TinyCheckpoint.Archive(root), options);
        using (model)
        {
            Assert.Equal(family, report.Family);
            CheckPlaced(report);
            double largest = expected.Max(row => row.Max(Math.Abs));
            float[][] actual = Logits(model);
            for (int t = 0; t < Ids.Length; t++)
            {
                for (int v = 0; v < VocabSize; v++)
                    Assert.Equal(expected[t][v], actual[t][v], tolerance: Tolerance * largest);
            }
        }
        return report;
    }

    /// <summary>The message of a checkpoint that must be refused.</summary>
    public static string Refuse(object root, ConvertOptions? options = null) => Conversion.Refuse(TinyCheckpoint.Archive(root), options);

    /// <summary>The option that is asked for, or does not fit.</summary>
    public static OptionException Ask(object root, ConvertOptions? options = null)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), TinyCheckpoint.Archive(root));
        return Assert.ThrowsAny<OptionException>(
            () => Converter.Convert(folder.File("tiny.pt"), folder.File("w.bin"), options ?? new ConvertOptions()));
    }

    // Lines of layers alike are one.
    private static void CheckPlaced(ConversionReport report)
    {
        string[] placed = [.. report.Of(ReportKind.Placed).Select(line => line[(line.LastIndexOf("-> ", StringComparison.Ordinal) + 3)..])];
        IEnumerable<string> needed = TensorSpec.For(report.Config).Select(spec => spec.Name)
            .Where(name => !name.StartsWith("blocks.", StringComparison.Ordinal) || name.StartsWith("blocks.0.", StringComparison.Ordinal))
            .Select(name => name.Replace("blocks.0.", "blocks.N.", StringComparison.Ordinal));
        Assert.Equal(needed.Order(), placed.Order());
    }

    private static float[][] Logits(ModelFile model)
    {
        GptConfig config = model.Description.Config;
        var gpt = new Gpt(config, model.Weights);
        using var activations = new Activations(config, threads: 1);
        using var cache = new KvCache(config);
        var batch = new TokenBatch();
        batch.Add(cache, Ids, LogitRows.All);
        float[] logits = gpt.Forward(batch, activations).ToArray();
        return [.. logits.Chunk(config.VocabSize)];
    }
}
