using System.Text.Json.Nodes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime;

/// <summary>A whole model in one file: a weights.bin whose content has been held against its own config.</summary>
public sealed class ModelFile : IDisposable
{
    private ModelFile(WeightsFile file, Action<GptWeights>? onWeights)
    {
        File = file;
        GptConfig config = GptConfigJson.Read(file.Path, file.Config);
        Description = new ModelDescription
        {
            Config = config,
            Generation = GenerationDefaults.Read(file, config.VocabSize),
            Tokenizer = TokenizerHeader.Read(file, config.VocabSize),
            Source = JsonObject.Create(file.Source)!,
        };
        Weights = GptWeights.Load(config, spec => Tensor(file, spec));
        RefuseSurplus(file, Description);
        onWeights?.Invoke(Weights);
        Tokenizer = CreateTokenizer(file, Description.Tokenizer);
    }

    /// <summary>Everything but the weights; the tokenizer's tables lie in the mapped file.</summary>
    public ModelDescription Description { get; }

    /// <summary>The mapped file.</summary>
    public WeightsFile File { get; }

    /// <summary>Text to ids and back, on the tables in the mapped file; null for a model that takes and gives ids only.</summary>
    public ITokenizer? Tokenizer { get; }

    /// <summary>Every tensor of the config, in place; gone after <see cref="Dispose"/>.</summary>
    public GptWeights Weights { get; }

    /// <summary>Opens a model. Its weights are mapped, neither read nor copied: as fast for 1 GB as for 1 MB.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <exception cref="WeightsFormatException">It is damaged, hostile or no weights.bin, or its parts contradict each other.</exception>
    /// <exception cref="IOException">It is missing (<see cref="FileNotFoundException"/>), a folder, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static ModelFile Open(string path) => Open(path, onWeights: null);

    /// <summary>Opens a model.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <param name="onWeights">Called when the tensors are known, before the vocabulary is read.</param>
    internal static ModelFile Open(string path, Action<GptWeights>? onWeights)
    {
        WeightsFile file = WeightsFile.Open(path);
        try
        {
            return new ModelFile(file, onWeights);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes a model; it appears under its name only when it is complete and on the disk.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="model">Everything but the weights.</param>
    /// <param name="matrixType">Type of the matrices; norms and biases are always float32.</param>
    /// <param name="tensors">
    /// Gives the writer of a tensor; it is called for each of <see cref="TensorSpec.For"/>, and writes Rows * Columns little-endian
    /// elements, of <paramref name="matrixType"/> for a matrix and float32 for a vector.
    /// </param>
    /// <param name="overwrite">Whether a file that is already there may be replaced.</param>
    /// <param name="check">Gets the path of the whole file before it has its name; what it throws is thrown, and nothing is kept. Null: nobody looks.</param>
    /// <exception cref="ArgumentException">The description contradicts itself, or the type is none of a weight.</exception>
    /// <exception cref="InvalidOperationException">A tensor's writer wrote too much or too little.</exception>
    /// <exception cref="IOException">It exists and may not be replaced, or cannot be written; what was there is unchanged.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    /// <exception cref="OperationCanceledException">SIGINT, SIGTERM or SIGHUP came meanwhile; what was there is unchanged.</exception>
    public static void Write(
        string path, ModelDescription model, ElementType matrixType, Func<TensorSpec, Action<Stream>> tensors, bool overwrite, Action<string>? check = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tensors);
        if (!matrixType.IsWeight())
            throw new ArgumentException($"{matrixType.Code()} is no type for weights.", nameof(matrixType));
        model.Config.Validate();
        Validate(model.Tokenizer, model.Config.VocabSize);
        model.Generation.Validate(model.Config.VocabSize);

        JsonObject header = new()
        {
            ["config"] = GptConfigJson.Write(model.Config),
            ["tokenizer"] = TokenizerHeader.Write(model.Tokenizer),
            ["generation"] = model.Generation.Write(),
            ["source"] = model.Source.DeepClone(),
        };
        IEnumerable<SectionSource> weights = TensorSpec.For(model.Config).Select(spec => new SectionSource(
            spec.Name,
            spec.IsMatrix ? matrixType : ElementType.F32,
            spec.IsMatrix ? [spec.Rows, spec.Columns] : [spec.Columns],
            tensors(spec)));
        WeightsWriter.Write(path, header, [.. TokenizerHeader.Sections(model.Tokenizer), .. weights], overwrite, check);
    }

    /// <summary>Unmaps the file: the model's weights and its tokenizer's tables are gone.</summary>
    public void Dispose() => File.Dispose();

    private static ITokenizer? CreateTokenizer(WeightsFile file, TokenizerData? tables)
    {
        try
        {
            return tables is null ? null : TokenizerFactory.Create(tables);
        }
        catch (TokenizerDataException e)
        {
            throw FormatError.Create(file.Path, "tokenizer", e.Message);
        }
    }

    /// <summary>Holds a tokenizer that is to be written against the rules it is read by.</summary>
    private static void Validate(TokenizerData? tokenizer, int vocabSize)
    {
        if (tokenizer is null)
            return;
        if (tokenizer.TokenCount > vocabSize)
            throw new ArgumentException($"token_count: {tokenizer.TokenCount} found, at most vocab_size {vocabSize} needed");
        try
        {
            TokenizerFactory.Create(tokenizer);
        }
        catch (TokenizerDataException e)
        {
            throw new ArgumentException($"tokenizer: {e.Message}", e);
        }
    }

    private static void RefuseSurplus(WeightsFile file, ModelDescription description)
    {
        IEnumerable<string> tables = TokenizerHeader.Sections(description.Tokenizer).Select(section => section.Name);
        HashSet<string> known = [.. tables, .. TensorSpec.For(description.Config).Select(spec => spec.Name)];
        if (file.Sections.FirstOrDefault(section => !known.Contains(section.Name)) is { } surplus)
            throw FormatError.Create(file.Path, $"section '{surplus.Name}'", "the config and the tokenizer have no place for it");
    }

    private static TensorView Tensor(WeightsFile file, TensorSpec spec) =>
        spec.IsMatrix ? file.Tensor(spec.Name, spec.Rows, spec.Columns) : file.Vector(spec.Name, spec.Columns);
}
