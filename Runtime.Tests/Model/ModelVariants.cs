using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

/// <summary>One model of the table: a config and the type of its matrices.</summary>
internal sealed record ModelVariant(GptConfig Config, ElementType Type);

/// <summary>A table of models in which every two choices of different kinds occur together at least once.</summary>
internal static class ModelVariants
{
    // Shapes differ pairwise so that a transposed matrix cannot hide; none is a multiple of the lanes but C.
    private static readonly ModelVariant Base = new(
        new GptConfig
        {
            VocabSize = 53,
            ContextLength = 80,
            EmbeddingDim = 40,
            LayerCount = 2,
            HeadCount = 4,
            KvHeadCount = 4,
            HeadDim = 10,
            MlpDim = 67,
            Activation = ActivationKind.GeluErf,
        },
        ElementType.F32);

    private static readonly (string Name, Func<ModelVariant, ModelVariant> Set)[][] Kinds =
    [
        [.. Enum.GetValues<NormKind>().Select(norm => Of($"{norm}", config => config with { Norm = norm }))],
        [
            Of("gain", config => config with { NormBias = false }),
            Of("gain and bias", config => config),
            Of("bias alone", config => config with { NormWeight = false }),
            Of("bare", config => config with { NormWeight = false, NormBias = false }),
        ],
        [
            Of("final norm", config => config),
            Of("first and final norm", config => config with { EmbeddingNorm = true }),
            Of("first norm", config => config with { EmbeddingNorm = true, FinalNorm = false }),
            Of("neither norm", config => config with { FinalNorm = false }),
        ],
        [.. Enum.GetValues<PositionKind>().Select(position => Of($"{position}", config => config with { Position = position }))],
        [Of("base 10000", config => config), Of("base 500", config => config with { RotaryBase = 500 })],
        [.. Enum.GetValues<ActivationKind>().Select(activation => Of($"{activation}", config => config with { Activation = activation }))],
        [Of("plain", config => config), Of("gated", config => config with { GatedMlp = true })],
        [
            Of("no bias", config => config),
            Of("attention bias", config => config with { QkvBias = true, ProjectionBias = true }),
            Of("MLP bias", config => config with { MlpUpBias = true, MlpDownBias = true }),
        ],
        [
            Of("tied", config => config with { TiedHead = true }),
            Of("untied", config => config),
            Of("tied, head bias", config => config with { TiedHead = true, HeadBias = true }),
            Of("untied, head bias", config => config with { HeadBias = true }),
        ],
        [Of("4/4 heads", config => config), Of("4/2", config => config with { KvHeadCount = 2 }), Of("4/1", config => config with { KvHeadCount = 1 })],
        [Of("of C / NH", config => config), Of("of 6", config => config with { HeadDim = 6 }), Of("of 34", config => config with { HeadDim = 34 })],
        [("f32", variant => variant), ("bf16", variant => variant with { Type = ElementType.Bf16 })],
    ];

    /// <summary>The models by what they are made of.</summary>
    public static IReadOnlyDictionary<string, ModelVariant> All { get; } = Cover().ToDictionary(
        choice => string.Join(", ", choice.Select((c, kind) => Kinds[kind][c].Name)),
        choice => choice.Select((c, kind) => Kinds[kind][c].Set).Aggregate(Base, (variant, set) => set(variant)));

    private static (string Name, Func<ModelVariant, ModelVariant> Set) Of(string name, Func<GptConfig, GptConfig> set) =>
        (name, variant => variant with { Config = set(variant.Config) });

    // Greedy: of fifty seeded guesses, the one that brings the most pairs not yet seen.
    private static List<int[]> Cover()
    {
        var random = new Random(5);
        HashSet<(int, int, int, int)> missing = [.. Enumerable.Range(0, Kinds.Length).SelectMany(a =>
            Enumerable.Range(a + 1, Kinds.Length - a - 1).SelectMany(b =>
                Enumerable.Range(0, Kinds[a].Length).SelectMany(i => Enumerable.Range(0, Kinds[b].Length).Select(j => (a, i, b, j)))))];
        List<int[]> cover = [];
        while (missing.Count > 0)
        {
            int[] best = Enumerable.Range(0, 50)
                .Select(_ => Kinds.Select(kind => random.Next(kind.Length)).ToArray())
                .MaxBy(choice => Pairs(choice).Count(missing.Contains))!;
            int before = missing.Count;
            missing.ExceptWith(Pairs(best));
            if (missing.Count < before)
                cover.Add(best);
        }
        return cover;
    }

    private static IEnumerable<(int KindA, int A, int KindB, int B)> Pairs(int[] choice) =>
        Enumerable.Range(0, choice.Length).SelectMany(a => Enumerable.Range(a + 1, choice.Length - a - 1).Select(b => (a, choice[a], b, choice[b])));
}
