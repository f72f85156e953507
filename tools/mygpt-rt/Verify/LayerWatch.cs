using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>Compares the operations of one prompt with its hidden states while the model runs it, until it is disposed of.</summary>
/// <remarks>The prompt may run in several calls, from its first token on, and each in several chunks: every operation knows how many of its rows have been seen.</remarks>
internal sealed class LayerWatch : IDisposable
{
    private readonly string _name;
    private readonly HiddenStates _hidden;
    private readonly Activations _activations;
    private readonly Func<OperationSpec, OperationFigures> _figuresOf;
    private readonly NumberFile _file;
    private readonly Dictionary<OperationSpec, int> _rows = [];

    /// <summary>Begins to watch.</summary>
    /// <param name="name">The prompt's name.</param>
    /// <param name="hidden">What its operations should give.</param>
    /// <param name="activations">Those that the prompt will run with.</param>
    /// <param name="figuresOf">Where an operation's rows are compared.</param>
    /// <exception cref="ReferenceException">The file of values is too short; or, while the model runs, a value is no number.</exception>
    public LayerWatch(string name, HiddenStates hidden, Activations activations, Func<OperationSpec, OperationFigures> figuresOf)
    {
        _name = name;
        _hidden = hidden;
        _activations = activations;
        _figuresOf = figuresOf;
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
        activations.Observer = Compare;
    }

    public void Dispose()
    {
        _activations.Observer = null;
        _file.Dispose();
    }

    private void Compare(OperationOutput output)
    {
        if (!_hidden.Operations.TryGetValue(output.Spec.Name, out HiddenOperation? expected))
            return;
        OperationFigures figures = _figuresOf(output.Spec);
        figures.AddFloatError(expected.FloatError);
        int width = output.Spec.Width, position = _rows.GetValueOrDefault(output.Spec);
        for (ReadOnlySpan<float> values = output.Values; !values.IsEmpty; values = values[width..], position++)
            figures.AddRow(_name, position, values[..width], _file.Row(expected.Values, position));
        _rows[output.Spec] = position;
    }
}
