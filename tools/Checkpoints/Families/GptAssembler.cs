using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Finds the tensors of a GPT in a state dict by a family's names, checks their shapes against each other, and says which
/// checkpoint tensor each tensor of weights.bin comes from.
/// </summary>
internal sealed class GptAssembler
{
    private const string Weight = ".weight", Bias = ".bias";

    private readonly StateDict _state;
    private readonly TensorTaker _taker;
    private readonly GptNames _names;
    private readonly Report _report;
    private readonly Dictionary<string, TensorSource> _sources = new(StringComparer.Ordinal);
    private readonly string _blocks;
    private readonly int _layers;

    private GptAssembler(StateDict state, GptNames names, Report report)
    {
        _state = state;
        _taker = new TensorTaker(state);
        _names = names;
        _report = report;
        (_blocks, _layers) = LayerCounter.Count(state, names.Blocks);
    }

    /// <summary>Places every tensor.</summary>
    /// <exception cref="CheckpointException">One is missing, has the wrong shape or no place.</exception>
    public static AssembledGpt Assemble(StateDict state, GptNames names, Report report) => new GptAssembler(state, names, report).Run();

    private AssembledGpt Run()
    {
        StoredTensor tokens = _taker.Matrix(Choose("", _names.TokenEmbedding) + Weight, rows: null, columns: null);
        int vocabulary = (int)tokens.Shape[0], width = (int)tokens.Shape[1];
        StoredTensor positions = _taker.Matrix(Choose("", _names.PositionEmbedding) + Weight, rows: null, width);
        _sources["token_embedding"] = new TensorSource(tokens);
        _sources["position_embedding"] = new TensorSource(positions);

        string finalNorm = Choose("", _names.FinalNorm);
        string[] separate = [.. _names.Query, .. _names.Key, .. _names.Value];
        bool fused = _names.FusedQkv.Length > 0 && (AnyLayerHas(_names.FusedQkv, Weight) || !AnyLayerHas(separate, Weight));
        string[] qkv = fused ? _names.FusedQkv : separate;
        var assembled = new AssembledGpt
        {
            VocabSize = vocabulary,
            ContextLength = (int)positions.Shape[0],
            EmbeddingDim = width,
            LayerCount = _layers,
            MlpDim = _taker.Rows(Choose($"{_blocks}.0.", _names.MlpUp) + Weight, width),
            NormBias = _state.Has(finalNorm + Bias) || AnyLayerHas([.. _names.AttentionNorm, .. _names.MlpNorm], Bias),
            QkvBias = AnyLayerHas(qkv, Bias),
            ProjectionBias = AnyLayerHas(_names.Projection, Bias),
            MlpUpBias = AnyLayerHas(_names.MlpUp, Bias),
            MlpDownBias = AnyLayerHas(_names.MlpDown, Bias),
            Sources = _sources,
        };
        for (int layer = 0; layer < _layers; layer++)
            PlaceBlock($"{_blocks}.{layer}.", $"blocks.{layer}.", fused, assembled);
        PlaceNorm(finalNorm, "final_norm", assembled);
        assembled = PlaceHead(tokens, assembled);
        LeaveOutMasks();
        _state.RequireAllTaken();
        return assembled;
    }

    private void PlaceBlock(string from, string to, bool fused, AssembledGpt gpt)
    {
        int width = gpt.EmbeddingDim;
        PlaceNorm(Choose(from, _names.AttentionNorm), to + "attention_norm", gpt);
        if (fused)
            PlaceLinear(Choose(from, _names.FusedQkv), to + "attention.qkv", 3L * width, width, gpt.QkvBias);
        else
            PlaceSeparateQkv(from, to + "attention.qkv", gpt);
        PlaceLinear(Choose(from, _names.Projection), to + "attention.projection", width, width, gpt.ProjectionBias);
        PlaceNorm(Choose(from, _names.MlpNorm), to + "mlp_norm", gpt);
        PlaceLinear(Choose(from, _names.MlpUp), to + "mlp.up", gpt.MlpDim, width, gpt.MlpUpBias);
        PlaceLinear(Choose(from, _names.MlpDown), to + "mlp.down", width, gpt.MlpDim, gpt.MlpDownBias);
    }

    private void PlaceNorm(string from, string to, AssembledGpt gpt)
    {
        _sources[to + Weight] = new TensorSource(_taker.Vector(from + Weight, gpt.EmbeddingDim));
        if (gpt.NormBias)
            _sources[to + Bias] = new TensorSource(_taker.Vector(from + Bias, gpt.EmbeddingDim));
    }

    private void PlaceLinear(string from, string to, long rows, long columns, bool bias)
    {
        _sources[to + Weight] = new TensorSource(_taker.Matrix(from + Weight, rows, columns));
        if (bias)
            _sources[to + Bias] = new TensorSource(_taker.Vector(from + Bias, rows));
    }

    private void PlaceSeparateQkv(string from, string to, AssembledGpt gpt)
    {
        int width = gpt.EmbeddingDim;
        string[] parts = [Choose(from, _names.Query), Choose(from, _names.Key), Choose(from, _names.Value)];
        _sources[to + Weight] = new TensorSource([.. parts.Select(part => _taker.Matrix(part + Weight, width, width))]);
        if (gpt.QkvBias)
            _sources[to + Bias] = new TensorSource([.. parts.Select(part => _taker.Vector(part + Bias, width))]);
    }

    private AssembledGpt PlaceHead(StoredTensor tokens, AssembledGpt gpt)
    {
        string head = _names.Head.Length > 0 ? Choose("", _names.Head) : "";
        bool bias = _state.Has(head + Bias);
        if (bias)
            _sources["head.bias"] = new TensorSource(_taker.Vector(head + Bias, gpt.VocabSize));
        bool tied = !_state.Has(head + Weight);
        if (tied)
        {
            _report.Found("the head is tied: the state dict has none of its own, so the token embedding is used");
        }
        else
        {
            StoredTensor matrix = _taker.Matrix(head + Weight, gpt.VocabSize, gpt.EmbeddingDim);
            tied = IsTied(matrix, tokens);
            if (!tied)
                _sources["head.weight"] = new TensorSource(matrix);
        }
        return gpt with { TiedHead = tied, HeadBias = bias };
    }

    private bool IsTied(StoredTensor head, StoredTensor tokens)
    {
        string both = $"{Printable.Quote(head.Name)} and {Printable.Quote(tokens.Name)}";
        if (head.IsSameView(tokens))
        {
            _report.LeftOut($"the second name of a tied head: {both} are one tensor");
            return true;
        }
        if (new RowReader().AreEqual(head, tokens))
        {
            _report.LeftOut($"a copy: {both} hold the same numbers, so the head is written as tied");
            return true;
        }
        _report.Found($"the head is not tied: {both} differ");
        return false;
    }

    private void LeaveOutMasks()
    {
        foreach (string mask in _names.Masks)
        {
            string[] masks = [.. Enumerable.Range(0, _layers).Select(layer => $"{_blocks}.{layer}.{mask}").Where(IsMask)];
            foreach (string name in masks)
                _state.Take(name);
            if (masks.Length > 0)
                _report.LeftOut($"{Printable.Count(masks.Length, "mask")} ({_blocks}.N.{mask}): the runtime attends causally by itself");
        }
    }

    // (..., T, T), or the single number that masked positions get. A vector of this name would be a bias.
    private bool IsMask(string name) => _state.Peek(name)?.Shape is { } shape
        && (shape.Count == 0 || (shape.Count >= 2 && shape[^1] == shape[^2]));

    // The alternative that the checkpoint has here, or in another layer: then it is the one that is missing here.
    private string Choose(string block, string[] alternatives) => block + (
        alternatives.FirstOrDefault(name => _state.Has(block + name + Weight) || _state.Has(block + name + Bias))
        ?? alternatives.FirstOrDefault(name => AnyLayerHas([name], Weight))
        ?? alternatives[0]);

    private bool AnyLayerHas(string[] alternatives, string suffix) => Enumerable.Range(0, _layers)
        .Any(layer => alternatives.Any(name => _state.Has($"{_blocks}.{layer}.{name}{suffix}")));
}
