using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Exactness;

/// <summary>
/// One result (docs/numerics.md): the logits of a text, hash by hash, whatever the threads, the cut of its prompt, the batch, the place in it and the
/// cache; for every weight and cache type, within the context and past it.
/// </summary>
public class ForwardMatrixTests(ExactModels models) : IClassFixture<ExactModels>
{
    // What may change nothing.
    private static readonly int[] ThreadCounts = [1, 2, 3, 8], Chunks = [1, 7, 64, int.MaxValue], BatchSizes = [1, 3, 8];
    private static readonly bool[] Caches = [true, false];

    // What is another function, and begins with its own first hashes.
    private static readonly ElementType[] WeightTypes = [ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4];
    private static readonly bool[] Windows = [false, true];

    private static int PlacesPerFunction => ThreadCounts.Length * Chunks.Length * Caches.Length * BatchSizes.Sum();

    public static TheoryData<string, ElementType, KvType, bool> Functions
    {
        get
        {
            var functions = new TheoryData<string, ElementType, KvType, bool>();
            foreach (string architecture in Architectures.All.Keys)
            {
                foreach (ElementType type in WeightTypes)
                {
                    foreach (KvType kvType in Enum.GetValues<KvType>())
                    {
                        foreach (bool pastWindow in Windows)
                            functions.Add(architecture, type, kvType, pastWindow);
                    }
                }
            }
            return functions;
        }
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Logits_have_one_hash_however_they_are_computed(string architecture, ElementType type, KvType kvType, bool pastWindow)
    {
        using ModelFile file = ModelFile.Open(models.Path(architecture, type));
        var gpt = new Gpt(file.Description.Config, file.Weights);
        ExactText[] texts = ExactText.All(gpt.Config.VocabSize, pastWindow);
        string[]? alone = null;
        int turn = 0, compared = 0;
        foreach (int threads in ThreadCounts)
        {
            using Activations activations = ModelRuns.Activations(gpt.Config, threads);
            var run = new ForwardRun(gpt, activations, kvType);
            alone ??= [.. texts.Select(text => Assert.Single(run.Hashes([text], chunk: 1, useCache: true)))];
            foreach ((int chunk, bool useCache, int size) in
                from chunk in Chunks from useCache in Caches from size in BatchSizes select (chunk, useCache, size))
            {
                // The first of the texts, a long one, is in every batch; each comes to every place.
                int[] order = [.. Enumerable.Range(0, size).Select(place => (place + turn) % size)];
                string[] hashes = run.Hashes([.. order.Select(i => texts[i])], chunk, useCache);
                for (int place = 0; place < size; place++)
                {
                    Assert.True(alone[order[place]] == hashes[place], $"threads {threads}, chunk {chunk}, cache {useCache}, place {place} of {size}");
                    compared++;
                }
                turn++;
            }
        }
        Assert.Equal(PlacesPerFunction, compared);
        Assert.Equal(texts.Length, alone!.Distinct().Count());
    }

    /// <summary>The figures that docs/numerics.md names.</summary>
    [Fact]
    public void Matrix_has_30720_combinations_of_80_functions()
    {
        int functions = Functions.Count;
        Assert.Equal(80, functions);
        Assert.Equal(30_720, functions * PlacesPerFunction);
    }
}
