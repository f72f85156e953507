using FsCheck;
using FsCheck.Fluent;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;

namespace MyGpt.Runtime.Tests.Properties;

/// <summary>Whatever was appended, forgotten and copied before, a cache gives the bits that a new one gives.</summary>
public class KvCachePropertyTests
{
    // Two and a half pages of 64 positions.
    private static readonly GptConfig Config = new()
    {
        VocabSize = 37,
        ContextLength = 160,
        EmbeddingDim = 12,
        LayerCount = 2,
        HeadCount = 4,
        KvHeadCount = 2,
        HeadDim = 6,
        MlpDim = 20,
        Activation = ActivationKind.GeluErf,
        Position = PositionKind.RotaryPairs,
    };

    private enum Act
    {
        GrowTo,
        CutTo,
        CopyToAnother,
    }

    // Lengths around a page's end more often than others.
    private static readonly Gen<int> Length = Gen.OneOf(Gen.Choose(0, 160), Gen.Choose(0, 3), Gen.Elements(63, 64, 65, 127, 128, 129, 160));

    private static readonly Gen<(Act Act, int Length)> Step =
        from act in Gen.Elements(Act.GrowTo, Act.GrowTo, Act.CutTo, Act.CopyToAnother)
        from length in act == Act.CopyToAnother ? Gen.Constant(0) : Length
        select (Act: act, Length: length);

    private static readonly Arbitrary<(Act Act, int Length)[]> Steps = Arb.From(
        Gen.Choose(1, 12).SelectMany(count => Step.ArrayOf(count)),
        steps => Simpler.Arrays(steps, step => Simpler.Integers(step.Length).Select(length => (step.Act, length))));

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.Bf16)]
    public void Forward_after_any_history_equals_a_fresh_run(KvType kvType)
    {
        using var model = new InMemoryModel(Config);
        using Activations activations = ModelRuns.Activations(Config, threads: 1);
        Property.Holds(Steps, steps => Run(model, activations, kvType, steps), cases: 40);
    }

    private static void Run(InMemoryModel model, Activations activations, KvType kvType, (Act Act, int Length)[] steps)
    {
        using KvCache one = new(Config, kvType), another = new(Config, kvType);
        (KvCache cache, KvCache other) = (one, another);
        List<int> ids = [];
        int next = 0;
        var batch = new TokenBatch();
        foreach ((Act act, int length) in steps)
        {
            if (act == Act.CutTo)
            {
                int kept = Math.Min(length, ids.Count);
                cache.Truncate(kept);
                ids.RemoveRange(kept, ids.Count - kept);
            }
            else if (act == Act.CopyToAnother)
            {
                other.CopyFrom(cache);
                (cache, other) = (other, cache);   // what is left in the other one is in the way of a later copy
            }
            else if (length > ids.Count)
            {
                int[] appended = [.. Enumerable.Range(0, length - ids.Count).Select(_ => (next++ * 7) % Config.VocabSize)];   // never those that were forgotten
                ids.AddRange(appended);
                batch.Clear();
                batch.Add(cache, appended, LogitRows.All);
                uint[] actual = ModelRuns.Bits(model.Gpt.Forward(batch, activations).ToArray());
                float[] fresh = ModelRuns.Logits(model, [.. ids], threads: 1, kvType: kvType);
                Assert.Equal(ModelRuns.Bits(fresh[^actual.Length..]), actual);
            }
            Assert.Equal(ids.Count, cache.Length);
        }
    }
}
