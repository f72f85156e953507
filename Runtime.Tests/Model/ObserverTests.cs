using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

/// <summary>What an observer sees of a forward pass.</summary>
public class ObserverTests
{
    // float32 against float64, each operation relative to its own largest value, as logits in ModelRuns, and to its own root mean square: sixteen roundings.
    private const double Tolerance = 3e-6, RmsTolerance = 1e-6;

    public static TheoryData<string> Names => [.. ModelVariants.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Observer_sees_every_operation_as_the_reference_computes_it(string name)
    {
        using var model = new InMemoryModel(ModelVariants.All[name].Config, ModelVariants.All[name].Type);
        int[] ids = ModelRuns.Ids(model.Config, 21);
        List<(string Name, double[][] Output)> expected = [];
        model.Reference.Forward(ids, (operation, output) => expected.Add((operation, output)));

        List<(string Name, List<float> Output)> seen = Observe(model, ids, step: ids.Length);

        Assert.Equal(expected.Select(operation => operation.Name), seen.Select(operation => operation.Name));
        Assert.Equal(expected.Select(operation => operation.Name), OperationSpec.For(model.Config).Select(spec => spec.Name));
        Assert.Equal(expected.Select(operation => operation.Output[0].Length), OperationSpec.For(model.Config).Select(spec => spec.Width));
        foreach (((_, double[][] reference), (string operation, List<float> output)) in expected.Zip(seen))
        {
            double[] flat = [.. reference.SelectMany(row => row)];
            Assert.Equal(flat.Length, output.Count);
            double largestDifference = flat.Zip(output, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(largestDifference <= Tolerance * flat.Max(Math.Abs), $"{operation}: {largestDifference}");
            double squares = flat.Zip(output, (a, b) => (a - b) * (a - b)).Sum();
            Assert.True(squares <= RmsTolerance * RmsTolerance * flat.Sum(value => value * value), $"{operation}: {Math.Sqrt(squares / flat.Sum(value => value * value))}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(13)]
    public void Observer_sees_the_same_bits_however_a_prompt_is_cut(int step)
    {
        using InMemoryModel model = Wide();
        int[] ids = ModelRuns.Ids(model.Config, 23);
        List<(string Name, List<float> Output)> whole = Observe(model, ids, ids.Length), cut = Observe(model, ids, step);
        Assert.All(whole.Zip(cut), pair =>
        {
            Assert.Equal(pair.First.Name, pair.Second.Name);
            Assert.Equal(ModelRuns.Bits(pair.First.Output), ModelRuns.Bits(pair.Second.Output));
        });
    }

    [Fact]
    public void Observer_sees_each_chunk_of_a_long_call()
    {
        using InMemoryModel model = Wide(mlpDim: 120_000);
        int[] ids = ModelRuns.Ids(model.Config, 70);
        using (var activations = new Activations(model.Config, threads: 1))
            Assert.InRange(activations.ChunkLength, 2, 40);
        List<(string Name, List<float> Output)> whole = Observe(model, ids, ids.Length), cut = Observe(model, ids, step: 9);
        Assert.Equal(ids.Length * model.Config.MlpDim, whole.Single(operation => operation.Name == "blocks.0.mlp_hidden").Output.Count);
        Assert.All(whole.Zip(cut), pair => Assert.Equal(ModelRuns.Bits(pair.First.Output), ModelRuns.Bits(pair.Second.Output)));
    }

    [Fact]
    public void Observer_of_a_batch_sees_its_rows_in_order_and_the_last_norm_only_where_logits_are_wanted()
    {
        using InMemoryModel model = Wide();
        int[] ids = ModelRuns.Ids(model.Config, 20);
        using var activations = new Activations(model.Config, threads: 2);
        using KvCache first = new(model.Config), second = new(model.Config);
        var batch = new TokenBatch();
        batch.Add(first, ids.AsSpan(0, 12), LogitRows.Last);
        batch.Add(second, ids.AsSpan(7, 5), LogitRows.None);
        List<(string Name, List<float> Output)> seen = [];
        activations.Observer = Recorder(seen);
        float[] logits = model.Gpt.Forward(batch, activations).ToArray();

        List<(string Name, List<float> Output)> alone = Observe(model, ids[7..12], step: 5);
        Assert.Equal(logits, seen.Single(operation => operation.Name == "logits").Output);
        Assert.Equal(model.Config.EmbeddingDim, seen.Single(operation => operation.Name == "final_norm").Output.Count);
        foreach ((string name, List<float> output) in alone.Where(operation => operation.Name is not ("final_norm" or "logits")))
            Assert.Equal(output, seen.Single(operation => operation.Name == name).Output[^output.Count..]);
    }

    [Fact]
    public void Observer_changes_no_logit_and_may_be_taken_away()
    {
        using InMemoryModel model = Wide();
        int[] ids = ModelRuns.Ids(model.Config, 23);
        using var activations = new Activations(model.Config, threads: 2);
        int calls = 0;
        uint[] Run()
        {
            using var cache = new KvCache(model.Config);
            var batch = new TokenBatch();
            batch.Add(cache, ids, LogitRows.All);
            return ModelRuns.Bits(model.Gpt.Forward(batch, activations).ToArray());
        }
        activations.Observer = _ => calls++;
        uint[] watched = Run();
        Assert.Equal(OperationSpec.For(model.Config).Count(), calls);
        activations.Observer = null;
        Assert.Equal(watched, Run());
        Assert.Equal(OperationSpec.For(model.Config).Count(), calls);
    }

    private static InMemoryModel Wide(int mlpDim = 67) =>
        new(ModelVariants.All.Values.First().Config with { MlpDim = mlpDim, LayerCount = 1, FinalNorm = true, GatedMlp = false }, ElementType.F32);

    private static List<(string Name, List<float> Output)> Observe(InMemoryModel model, int[] ids, int step)
    {
        using var activations = new Activations(model.Config, threads: 2);
        using var cache = new KvCache(model.Config);
        List<(string Name, List<float> Output)> seen = [];
        activations.Observer = Recorder(seen);
        var batch = new TokenBatch();
        for (int at = 0; at < ids.Length; at += step)
        {
            batch.Clear();
            batch.Add(cache, ids.AsSpan(at, Math.Min(step, ids.Length - at)), LogitRows.All);
            model.Gpt.Forward(batch, activations);
        }
        return seen;
    }

    private static Action<OperationOutput> Recorder(List<(string Name, List<float> Output)> seen) => output =>
    {
        string name = output.Spec.Name;
        int at = seen.FindIndex(operation => operation.Name == name);
        if (at < 0)
        {
            at = seen.Count;
            seen.Add((name, []));
        }
        seen[at].Output.AddRange(output.Values);
    };
}
