using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime;

/// <summary>A model from a weights.bin, ready to write text. The way in for programs that just want that.</summary>
/// <example>
/// <code>
/// using LanguageModel model = LanguageModel.Open("weights.bin");
/// foreach (ReadOnlySpan&lt;char&gt; text in model.Generate("Machine learning is"))
///     Console.Out.Write(text);
/// </code>
/// </example>
public sealed class LanguageModel : IDisposable
{
    private readonly ModelFile _file;
    private readonly TextGenerator _generator;

    private LanguageModel(ModelFile file, int threads)
    {
        _file = file;
        Gpt = new Gpt(file.Description.Config, file.Weights);
        Threads = threads;
        GenerationDefaults family = Description.Generation;
        _generator = new TextGenerator(
            Gpt, Tokenizer, threads, family.StartToken, family.EndToken, family.StartBeforePrompt, family.Overflow ?? Overflow.Crop);
    }

    /// <summary>Everything about the model but its weights.</summary>
    public ModelDescription Description => _file.Description;

    /// <summary>The forward pass, for logits without sampling.</summary>
    public Gpt Gpt { get; }

    /// <summary>Text to ids and back; null for a model that takes and gives ids only.</summary>
    public ITokenizer? Tokenizer => _file.Tokenizer;

    /// <summary>Threads that work on one run.</summary>
    public int Threads { get; }

    /// <summary>Opens a model; its weights are mapped, not read.</summary>
    /// <param name="path">A weights.bin.</param>
    /// <param name="threads">Threads that work on one run, 1 or more; null for as many as the machine has processors. Never changes what is generated.</param>
    /// <exception cref="WeightsFormatException">The file is damaged, hostile or no weights.bin, or its parts contradict each other.</exception>
    /// <exception cref="IOException">It is missing (<see cref="FileNotFoundException"/>), a folder, or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no thread.</exception>
    public static LanguageModel Open(string path, int? threads = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads ?? 1, 1, nameof(threads));
        KernelWarmUp.StartShared();
        ModelFile file = ModelFile.Open(path, KernelWarmUp.Start);
        try
        {
            return new LanguageModel(file, threads ?? Environment.ProcessorCount);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="TextGenerator.Generate(ReadOnlySpan{char}, GenerationOptions?, CancellationToken)"/>
    public GenerationRun Generate(ReadOnlySpan<char> prompt, GenerationOptions? options = null, CancellationToken cancellation = default) =>
        _generator.Generate(prompt, options, cancellation);

    /// <inheritdoc cref="TextGenerator.Generate(ReadOnlySpan{int}, GenerationOptions?, CancellationToken)"/>
    public GenerationRun Generate(ReadOnlySpan<int> promptIds, GenerationOptions? options = null, CancellationToken cancellation = default) =>
        _generator.Generate(promptIds, options, cancellation);

    /// <summary>Unmaps the file. Runs that go on cannot be continued; none may be in a step on another thread.</summary>
    public void Dispose()
    {
        _generator.Dispose();
        _file.Dispose();
    }
}
