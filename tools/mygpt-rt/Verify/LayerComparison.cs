using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>Compares the outputs of a model's operations with hidden states, while the model runs.</summary>
/// <param name="config">The model's sizes and variants.</param>
internal sealed class LayerComparison(GptConfig config)
{
    private readonly Dictionary<OperationSpec, Figures> _figures = [];

    /// <summary>Compares one prompt's operations until the result is disposed of; the prompt must then run from its first token on.</summary>
    /// <param name="name">The prompt's name.</param>
    /// <param name="hidden">What they should give.</param>
    /// <param name="activations">Those that the prompt runs with.</param>
    /// <exception cref="ReferenceException">The file of values is too short, or holds what is no number.</exception>
    public IDisposable Watch(string name, HiddenStates hidden, Activations activations)
    {
        var watch = new PromptWatch(this, name, hidden, activations);
        activations.Observer = watch.Compare;
        return watch;
    }

    /// <summary>What was found.</summary>
    /// <param name="limit">How far values may be from their reference.</param>
    /// <param name="logits">Figures of the logits, which take their place where they are not among the hidden states.</param>
    public LayerVerification Result(DifferenceLimit limit, LogitFigures logits)
    {
        List<OperationResult> operations = [];
        foreach (OperationSpec spec in OperationSpec.For(config))
        {
            if (_figures.TryGetValue(spec, out Figures? figures))
                operations.Add(new OperationResult(spec, figures.Largest, figures.MaxDifference, figures.Where, limit.Of(figures.FloatError, figures.Largest)));
            else if (spec.Operation == ForwardOperation.Logits)
                operations.Add(new OperationResult(spec, logits.LargestReference, logits.MaxDifference, Where: null, limit.OfLogits));
        }
        return new LayerVerification(operations);
    }

    private Figures FiguresOf(OperationSpec spec)
    {
        if (!_figures.TryGetValue(spec, out Figures? figures))
            _figures.Add(spec, figures = new Figures());
        return figures;
    }

    private sealed class Figures
    {
        public double Largest { get; private set; }

        public double MaxDifference { get; private set; }

        public double? FloatError { get; private set; }

        public ValuePlace? Where { get; private set; }

        public void AddFloatError(double? error) => FloatError = error is null ? FloatError : Math.Max(FloatError ?? 0, error.Value);

        public void AddRow(string name, int position, ReadOnlySpan<float> ours, ReadOnlySpan<double> reference)
        {
            for (int i = 0; i < ours.Length; i++)
            {
                double difference = Math.Abs(ours[i] - reference[i]);
                difference = double.IsNaN(difference) ? double.PositiveInfinity : difference;
                Largest = Math.Max(Largest, Math.Abs(reference[i]));
                if (difference <= MaxDifference)
                    continue;
                MaxDifference = difference;
                Where = new ValuePlace(name, position, i);
            }
        }
    }

    // One prompt: it may run in several calls and chunks, so each operation knows how many of its rows have been seen.
    private sealed class PromptWatch : IDisposable
    {
        private readonly LayerComparison _comparison;
        private readonly string _name;
        private readonly HiddenStates _hidden;
        private readonly Activations _activations;
        private readonly NumberFile _file;
        private readonly Dictionary<OperationSpec, int> _rows = [];

        public PromptWatch(LayerComparison comparison, string name, HiddenStates hidden, Activations activations)
        {
            _comparison = comparison;
            _name = name;
            _hidden = hidden;
            _activations = activations;
            _file = new NumberFile(hidden.File.Path, hidden.File.IsDouble);
            try
            {
                foreach ((string operation, HiddenOperation expected) in hidden.Operations)
                    _file.Require(expected.Values, $"values of '{ReferenceObject.Plain(operation)}'");
            }
            catch (ReferenceException)
            {
                _file.Dispose();
                throw;
            }
        }

        public void Compare(OperationOutput output)
        {
            if (!_hidden.Operations.TryGetValue(output.Spec.Name, out HiddenOperation? expected))
                return;
            Figures figures = _comparison.FiguresOf(output.Spec);
            figures.AddFloatError(expected.FloatError);
            int width = output.Spec.Width, position = _rows.GetValueOrDefault(output.Spec);
            for (ReadOnlySpan<float> values = output.Values; !values.IsEmpty; values = values[width..], position++)
                figures.AddRow(_name, position, values[..width], _file.Row(expected.Values, position));
            _rows[output.Spec] = position;
        }

        public void Dispose()
        {
            _activations.Observer = null;
            _file.Dispose();
        }
    }
}
