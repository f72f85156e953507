using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>Checkpoints of one kind: described or converted; what is converted must be right, and gives a token.</summary>
internal sealed class CheckpointReader(string name, Func<IEnumerable<FuzzSeed>> seeds, int? heads = null) : FuzzReader(name, seeds)
{
    private static readonly ElementType?[] Types = [null, ElementType.F32, ElementType.Bf16];

    public override Action Read(string path, FuzzRandom random)
    {
        var options = new ConvertOptions
        {
            Heads = random.OneIn(4) ? 2 : heads,
            AllowNonFinite = random.OneIn(4),
            Type = random.Pick(Types),
        };
        if (random.OneIn(8))    // most apply to few models
        {
            options = options with
            {
                Activation = random.OneIn(2) ? ActivationKind.Relu : null,
                Norm = random.OneIn(4) ? NormKind.RmsNorm : null,
                Rotary = random.OneIn(4) ? PositionKind.RotaryHalves : null,
                ContextLength = random.OneIn(4) ? 3 : null,
            };
        }
        if (random.OneIn(4))
        {
            CheckpointDescription description = Converter.Describe(path, options);
            return () => Assert.All(description.Lines, line => Assert.DoesNotContain(line.Text, char.IsControl));
        }
        string weights = Path.Combine(Path.GetDirectoryName(path)!, "converted.bin");
        ConversionReport report = Converter.Convert(path, weights, options);
        return () => Use(report);
    }

    private static void Use(ConversionReport report)
    {
        Assert.All(report.Lines, line => Assert.DoesNotContain(line.Text, char.IsControl));
        try
        {
            WeightsReader.Use(report.WeightsPath, LanguageModel.Open(report.WeightsPath, threads: 1));
        }
        catch (WeightsFormatException e)
        {
            throw new InvalidOperationException("The converter has written a file that is not right.", e);
        }
    }
}
