using System.Text.Json.Nodes;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints;

/// <summary>
/// Turns a weights.bin into one of a narrower type: the same config, tokenizer, defaults and origin. There is no way back: what a narrow type has lost
/// would not come back, and the file would no longer show that it is lost.
/// </summary>
internal static class WeightsNarrowing
{
    private const string ContainerName = "weights.bin", FamilyKey = "family", NarrowedKey = "narrowed";

    /// <summary>Converts a file.</summary>
    /// <param name="file">A weights.bin.</param>
    /// <param name="weightsPath">Where to write.</param>
    /// <param name="options">What the caller decides: a type, and nothing about the model.</param>
    /// <param name="report">Where findings go.</param>
    /// <param name="progress">Told after each piece how far the writing is; null for nobody.</param>
    /// <param name="check">Gets the path of the whole file before it has its name; null for nobody.</param>
    /// <exception cref="CheckpointException">A weight is not finite, and that is not allowed.</exception>
    /// <exception cref="OptionException">The type is missing, or not narrower, or another option is given.</exception>
    /// <exception cref="WeightsFormatException">The file is damaged.</exception>
    public static ConversionReport Convert(
        CheckpointFile file, string weightsPath, ConvertOptions options, Report report, IProgress<ConversionProgress>? progress, Action<string>? check)
    {
        RefuseOptions(options);
        using ModelFile model = ModelFile.Open(file.GivenPath);
        ElementType type = ChooseType(model, options);
        ElementType[] found = MatrixTypes(model);
        string from = Types(found);
        report.Found($"matrices are {from} and are written as {type.Code()}");
        TypeWarnings.OfRounding(type, report);
        TypeWarnings.OfRoundingAgain(found, type, report);
        TypeWarnings.OfSize(type, model.Description.Config, report);
        model.File.VerifyChecksums();   // the checksums of the new file would vouch for what is damaged
        GptConfig config = model.Description.Config;
        ModelDescription description = model.Description with { Source = Provenance(model, $"{from} to {type.Code()}") };
        Dictionary<string, SectionInfo> sections = model.File.Sections.ToDictionary(section => section.Name);
        if (options.AllowNonFinite)
            NonFiniteWeights.Warn(TensorSpec.For(config).Select(spec => (Source(file, sections[spec.Name]), TypeOf(spec))), report);

        long written = 0, total = TensorSpec.For(config).Sum(spec => spec.Rows * TypeOf(spec).RowBytes(spec.Columns));
        var writer = new TensorWriter(options.AllowNonFinite, bytes => progress?.Report(new ConversionProgress(written += bytes, total)));
        ModelFile.Write(weightsPath, description, type,
            spec => output => writer.Write(Source(file, sections[spec.Name]), TypeOf(spec), output), options.Overwrite, check);
        return new ConversionReport
        {
            Container = ContainerName,
            Family = description.Source[FamilyKey] is JsonValue family && family.TryGetValue(out string? name) ? name : "unknown",
            Config = config,
            MatrixType = type,
            ParameterCount = TensorSpec.For(config).Sum(spec => (long)spec.Rows * spec.Columns),
            WeightsPath = weightsPath,
            Lines = report.Lines,
        };

        ElementType TypeOf(TensorSpec spec) => spec.IsMatrix ? type : ElementType.F32;
    }

    /// <summary>Checks that a file can be converted as it is asked to be.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <param name="options">What the caller decides.</param>
    /// <exception cref="OptionException">The type is missing, or not narrower, or another option is given.</exception>
    /// <exception cref="WeightsFormatException">The file is damaged.</exception>
    public static void Check(string path, ConvertOptions options)
    {
        RefuseOptions(options);
        using ModelFile model = ModelFile.Open(path);
        ChooseType(model, options);
    }

    private static void RefuseOptions(ConvertOptions options)
    {
        ConvertOptions asked = options with { Type = null, AllowNonFinite = false, Overwrite = false };
        if (asked != new ConvertOptions())
            throw new OptionException("--type", $"of a {ContainerName} only --type can be changed; convert the checkpoint for anything else");
    }

    private static ElementType ChooseType(ModelFile model, ConvertOptions options)
    {
        ElementType[] found = MatrixTypes(model);
        string from = Types(found);
        if (options.Type is not { } type)
            throw new MissingOptionException("--type", $"it is a {ContainerName} of {from} already; --type converts it to a narrower type");
        if (found is [ElementType only] && only == type)
            throw new OptionException("--type", $"--type {type.Code()}: the matrices are {from}, and there is nothing to convert; use the file as it is");
        if (found.Any(stored => stored.IsNarrowerThan(type)))
        {
            throw new OptionException("--type", $"--type {type.Code()}: the matrices are {from}, and a wider type would not bring back what they have lost: "
                + $"a {ContainerName} is only made narrower; convert the checkpoint instead");
        }
        return type;
    }

    private static ElementType[] MatrixTypes(ModelFile model) => [.. TensorSpec.For(model.Description.Config).Where(spec => spec.IsMatrix)
        .Select(spec => model.File.Tensor(spec.Name, spec.Rows, spec.Columns).Type).Distinct().OrderByDescending(ElementTypes.BytesPerElement)];

    private static string Types(IEnumerable<ElementType> types) => string.Join(", ", types.Select(ElementTypes.Code));

    private static JsonObject Provenance(ModelFile model, string step)
    {
        JsonObject source = (JsonObject)model.Description.Source.DeepClone();
        JsonArray steps = source[NarrowedKey] as JsonArray ?? [];
        source[NarrowedKey] = new JsonArray([.. steps.Select(earlier => earlier?.DeepClone()), JsonValue.Create(step)]);
        return source;
    }

    private static TensorSource Source(CheckpointFile file, SectionInfo section) =>
        new(SectionTensor.Open(section, new FileRegion(file, section.Name, section.Offset, section.Length, bigEndian: false)));
}
