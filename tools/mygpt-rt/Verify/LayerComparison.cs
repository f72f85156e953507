using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>Compares the outputs of a model's operations with hidden states, over all prompts.</summary>
/// <param name="config">The model's sizes and variants.</param>
internal sealed class LayerComparison(GptConfig config)
{
    private readonly Dictionary<OperationSpec, OperationFigures> _figures = [];

    /// <summary>Compares one prompt's operations while the model runs it.</summary>
    /// <param name="name">The prompt's name.</param>
    /// <param name="hidden">What they should give.</param>
    /// <param name="activations">Those that the prompt will run with.</param>
    /// <returns>To be disposed of when the prompt has run.</returns>
    /// <exception cref="ReferenceException">The file of values is too short; or, while the model runs, a value is no number.</exception>
    public LayerWatch Watch(string name, HiddenStates hidden, Activations activations) => new(name, hidden, activations, FiguresOf);

    /// <summary>What was found.</summary>
    /// <param name="limit">How far values may be from their reference.</param>
    /// <param name="logits">Figures of the logits, which take their place where they are not among the hidden states.</param>
    public LayerVerification Result(DifferenceLimit limit, LogitFigures logits)
    {
        List<OperationSpec> computed = [.. OperationSpec.For(config)];
        List<OperationResult> operations = [];
        foreach (OperationSpec spec in computed)
        {
            if (_figures.TryGetValue(spec, out OperationFigures? figures))
                operations.Add(figures.Result(spec, limit));
            else if (spec.Operation == ForwardOperation.Logits)
                operations.Add(new OperationResult(spec, logits.LargestReference, logits.MaxDifference, logits.RmsDifference, Where: null, limit.OfLogits, RmsLimit: null));
        }
        return new LayerVerification(operations, computed);
    }

    private OperationFigures FiguresOf(OperationSpec spec)
    {
        if (!_figures.TryGetValue(spec, out OperationFigures? figures))
            _figures.Add(spec, figures = new OperationFigures());
        return figures;
    }
}
