using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Properties;

/// <summary>From what a generated model is made: few enough numbers and texts that a counterexample can be read.</summary>
/// <param name="Sizes">V beyond the tokenizer's, T_max, C, L, NKV, NH / NKV, HS / 2, F; each 1 or more.</param>
/// <param name="Variants">A bit for each yes or no of the config.</param>
/// <param name="Type">Of the matrices.</param>
/// <param name="Kind">Of the tokenizer; null for none.</param>
/// <param name="Texts">The tokenizer's vocabulary, its special tokens, and the strings of <c>source</c>.</param>
/// <param name="Seed">Of the tensors' bytes and the config's fractions.</param>
internal sealed record ModelPlan(int[] Sizes, int Variants, ElementType Type, TokenizerKind? Kind, Text[] Texts, int Seed)
{
    private static readonly int[] LargestSizes = [5, 9, 70, 3, 3, 3, 5, 70];

    public static Arbitrary<ModelPlan> All { get; } = Arb.From(
        from sizes in Gen.CollectToArray(LargestSizes, largest => Gen.Choose(1, largest))
        from variants in Gen.Choose(0, int.MaxValue)
        from type in Gen.Elements(ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4)
        from kind in Gen.Elements(Enum.GetValues<TokenizerKind>().Cast<TokenizerKind?>().Append(null))
        from texts in Text.WellFormed.Generator.Resize(8).ArrayOf()
        from seed in Gen.Choose(0, int.MaxValue)
        select new ModelPlan(sizes, variants, type, kind, [.. texts.Take(8)], seed),
        Simplify);

    public ModelDescription Describe()
    {
        TokenizerData? tokenizer = Kind is { } kind ? Tokenizer(kind) : null;
        var random = new Random(Seed);
        int vocabSize = Sizes[0] + (tokenizer?.TokenCount ?? 0);
        return new ModelDescription
        {
            Config = Config(vocabSize, random),
            Tokenizer = tokenizer,
            Generation = new GenerationDefaults
            {
                StartToken = Is(13) ? random.Next(vocabSize) : null,
                StartBeforePrompt = Is(13) && Is(14),
                EndToken = Is(15) ? random.Next(vocabSize) : null,
                Overflow = Is(16) ? Overflow.Stop : Is(17) ? Overflow.Crop : null,
            },
            Source = Source(),
        };
    }

    /// <summary>Random bytes for every tensor: each pattern is a number, NaN included, that must come back as it is.</summary>
    public Dictionary<string, byte[]> Tensors()
    {
        var random = new Random(Seed);
        return TensorSpec.For(Describe().Config).ToDictionary(spec => spec.Name, spec =>
        {
            byte[] bytes = new byte[spec.Rows * RowBytes(spec.IsMatrix ? Type : ElementType.F32, spec.Columns)];
            random.NextBytes(bytes);
            return bytes;
        });
    }

    public override string ToString() =>
        $"sizes [{string.Join(',', Sizes)}], variants {Variants:X}, {Type}, {Kind?.ToString() ?? "no tokenizer"}, texts [{string.Join(", ", Texts)}], seed {Seed}";

    // docs/weights-format.md.
    private static int RowBytes(ElementType type, int columns) => type switch
    {
        ElementType.F32 => 4 * columns,
        ElementType.Bf16 => 2 * columns,
        ElementType.Q8 => (columns + 31) / 32 * 34,
        ElementType.Q4 => (columns + 31) / 32 * 18,
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static IEnumerable<ModelPlan> Simplify(ModelPlan plan)
    {
        if (plan.Kind is not null)
            yield return plan with { Kind = null };
        if (plan.Type != ElementType.F32)
            yield return plan with { Type = ElementType.F32 };
        foreach (Text[] texts in Simpler.Arrays(plan.Texts, Text.WellFormed.Shrinker))
            yield return plan with { Texts = texts };
        for (int i = 0; i < plan.Sizes.Length; i++)
        {
            foreach (int size in Simpler.Integers(plan.Sizes[i], least: 1))
                yield return plan with { Sizes = [.. plan.Sizes[..i], size, .. plan.Sizes[(i + 1)..]] };
        }
        for (int bit = 0; bit < 31; bit++)
        {
            if (plan.Is(bit))
                yield return plan with { Variants = plan.Variants & ~(1 << bit) };
        }
        foreach (int seed in Simpler.Integers(plan.Seed))
            yield return plan with { Seed = seed };
    }

    private bool Is(int bit) => (Variants >> bit & 1) != 0;

    private GptConfig Config(int vocabSize, Random random) => new()
    {
        VocabSize = vocabSize,
        ContextLength = Sizes[1],
        EmbeddingDim = Sizes[2],
        LayerCount = Sizes[3],
        KvHeadCount = Sizes[4],
        HeadCount = Sizes[4] * Sizes[5],
        HeadDim = 2 * Sizes[6],
        MlpDim = Sizes[7],
        Norm = Is(0) ? NormKind.RmsNorm : NormKind.LayerNorm,
        NormWeight = Is(1),
        NormBias = Is(2),
        NormEpsilon = BitConverter.Int32BitsToSingle(random.Next(1, 0x7F80_0000)),
        EmbeddingNorm = Is(3),
        FinalNorm = Is(4),
        Position = Enum.GetValues<PositionKind>()[Seed % 3],
        RotaryBase = BitConverter.Int32BitsToSingle(random.Next(0x3F80_0000, 0x7F80_0000)),
        Activation = Enum.GetValues<ActivationKind>()[Seed / 3 % 5],
        GatedMlp = Is(5),
        QkvBias = Is(6),
        ProjectionBias = Is(7),
        MlpUpBias = Is(8),
        MlpDownBias = Is(9),
        TiedHead = Is(10),
        HeadBias = Is(11),
    };

    private TokenizerData Tokenizer(TokenizerKind kind)
    {
        Text all = new(string.Concat(Texts.Select(text => text.Value)) + "a");
        string[] specials = [.. Texts.Select(text => text.Value).Where(text => text.Length > 0).Distinct()];
        return kind switch
        {
            TokenizerKind.Gpt2Bpe => TinyModels.Bpe(),
            TokenizerKind.Characters => TokenizerDataBuilder.Characters([.. all.Characters, .. specials], Ids(all.Characters.Length)),
            TokenizerKind.Words => TokenizerDataBuilder.Words(["", .. specials]),
            TokenizerKind.MyGptBpe => TokenizerDataBuilder.MyGptBpe(
                [.. all.Characters, all.Characters[0] + all.Characters[^1], .. specials],
                [new BpeMerge(0, all.Characters.Length - 1, all.Characters.Length)],
                Ids(all.Characters.Length + 1)),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

        Dictionary<string, int> Ids(int first) => specials.Index().ToDictionary(special => special.Item, special => first + special.Index);
    }

    // Names and strings of any text, three levels deep.
    private JsonObject Source()
    {
        JsonObject source = [];
        foreach ((int i, Text text) in Texts.Index())
        {
            string other = Texts[Texts.Length - 1 - i].Value;
            source[text.Value] = (i % 3) switch
            {
                0 => other,
                1 => new JsonArray(other, i, null, true, 0.1),
                _ => new JsonObject { [other] = new JsonArray(text.Value) },
            };
        }
        return source;
    }
}
