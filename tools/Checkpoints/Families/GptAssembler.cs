using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Finds the tensors of a GPT in a state dict by a family's names, checks their shapes against each other, and says which
/// checkpoint tensor each tensor of weights.bin comes from.
/// </summary>
internal sealed class GptAssembler
{
    private readonly StateDict _state;
    private readonly GptNames _names;
    private readonly Report _report;
    private readonly Placement _placement;
    private readonly TensorTaker _taker;

    private GptAssembler(StateDict state, GptNames names, Report report)
    {
        _state = state;
        _names = names;
        _report = report;
        _placement = new Placement(state, names, report);
        _taker = _placement.Taker;
    }

    /// <summary>Places every tensor.</summary>
    /// <exception cref="CheckpointException">One is missing, has the wrong shape or no place.</exception>
    public static AssembledGpt Assemble(StateDict state, GptNames names, Report report) => new GptAssembler(state, names, report).Run();

    private AssembledGpt Run()
    {
        StoredTensor tokens = _taker.Table(_placement.Choose("", _names.TokenEmbedding), columns: null);
        int width = (int)tokens.Shape[1];
        _placement.Place("token_embedding", tokens);
        int? positions = PlacePositions(width);
        var attention = new AttentionPlacer(_placement, width);
        var mlp = new MlpPlacer(_placement, width);
        bool finalNorm = _names.FinalNorm.Length > 0 && !(_names.FinalNormMayBeAbsent && !_placement.Has(_names.FinalNorm));
        bool embeddingNorm = _placement.Has(_names.EmbeddingNorm);
        string[] blockNorms = [.. _names.AttentionNorm, .. _names.MlpNorm];
        bool normBias = _placement.AnyLayerHasBias(blockNorms) || (finalNorm && _taker.HasBias(_placement.Choose("", _names.FinalNorm)));

        if (embeddingNorm)
            PlaceNorm(_placement.Choose("", _names.EmbeddingNorm), "embedding_norm", width, normBias);
        for (int layer = 0; layer < _placement.LayerCount; layer++)
        {
            string from = _placement.Block(layer), to = $"blocks.{layer}.";
            if (blockNorms.Length > 0)
                PlaceNorm(_placement.Choose(from, _names.AttentionNorm), to + "attention_norm", width, normBias);
            attention.Place(layer, to);
            if (blockNorms.Length > 0)
                PlaceNorm(_placement.Choose(from, _names.MlpNorm), to + "mlp_norm", width, normBias);
            mlp.Place(layer, to);
        }
        if (finalNorm)
            PlaceNorm(_placement.Choose("", _names.FinalNorm), "final_norm", width, normBias);
        bool hasHead = _names.Head.Length > 0 && _taker.HasWeight(_placement.Choose("", _names.Head));
        (bool tied, bool headBias) = PlaceHead(tokens);
        BufferFindings buffers = Buffers.LeaveOut(_state, positions, _report);
        _state.RequireAllTaken();
        return new AssembledGpt
        {
            VocabSize = (int)tokens.Shape[0],
            EmbeddingDim = width,
            LayerCount = _placement.LayerCount,
            AttentionDim = attention.Dim,
            KvDim = attention.KvDim,
            HeadCount = attention.HeadCount,
            MlpDim = mlp.Dim,
            GatedMlp = mlp.Gated,
            PositionCount = positions,
            NormWeight = blockNorms.Length > 0,
            NormBias = normBias,
            EmbeddingNorm = embeddingNorm,
            FinalNorm = finalNorm,
            QkvBias = attention.QkvBias,
            ProjectionBias = attention.ProjectionBias,
            MlpUpBias = mlp.UpBias,
            MlpDownBias = mlp.DownBias,
            TiedHead = tied,
            HasHead = hasHead,
            HeadBias = headBias,
            Buffers = buffers,
            Sources = _placement.Sources,
        };
    }

    private int? PlacePositions(int width)
    {
        string[] names = _names.PositionEmbedding;
        if (names.Length == 0 || (_names.PositionsMayBeRotary && !_placement.Has(names)))
            return null;
        StoredTensor positions = _taker.Table(_placement.Choose("", names), width);
        _placement.Place("position_embedding", positions);
        return (int)positions.Shape[0];
    }

    private void PlaceNorm(string from, string to, int width, bool bias)
    {
        _placement.Place(to + ".weight", _taker.Vector(from, width));
        if (bias)
            _placement.Place(to + ".bias", _taker.Bias(from, width));
    }

    private (bool Tied, bool Bias) PlaceHead(StoredTensor tokens)
    {
        string head = _names.Head.Length > 0 ? _placement.Choose("", _names.Head) : "";
        bool bias = head.Length > 0 && _taker.HasBias(head);
        if (bias)
            _placement.Place("head.bias", _taker.Bias(head, tokens.Shape[0]));
        if (head.Length == 0 || !_taker.HasWeight(head))
        {
            ReportAbsentHead(head);
            return (true, bias);
        }
        StoredTensor matrix = _taker.Matrix(head, tokens.Shape[0], tokens.Shape[1]);
        bool tied = IsTied(matrix, tokens);
        if (!tied)
            _placement.Place("head.weight", matrix);
        return (tied, bias);
    }

    private void ReportAbsentHead(string head)
    {
        switch (_names.AbsentHead)
        {
            case AbsentHead.IsTied:
                _report.Found("the head is tied: the state dict has none of its own, so the token embedding is used");
                break;
            case AbsentHead.MayBeTied:
                _report.Assumed("the head is tied, the token embedding: the state dict has none under the usual names "
                    + $"({string.Join(", ", _names.Head)})");
                break;
            case AbsentHead.IsMissing:
                throw _taker.Missing(head, "; the code of this family has a head of its own and does not tie it to the token embedding");
        }
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
}
