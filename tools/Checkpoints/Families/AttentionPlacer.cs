using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Places query, key, value and output projection of each block. Training codes have query, key and value in one matrix, in three, or in
/// three for each head; weights.bin has one, all queries first.
/// </summary>
internal sealed class AttentionPlacer
{
    private readonly Placement _placement;
    private readonly GptNames _names;
    private readonly int _width;
    private readonly bool _fused;
    private readonly string? _headList;

    /// <summary>Looks at the first block.</summary>
    /// <param name="placement">Takes the tensors.</param>
    /// <param name="width">C.</param>
    public AttentionPlacer(Placement placement, int width)
    {
        _placement = placement;
        _names = placement.Names;
        _width = width;
        _headList = _names.HeadLists.FirstOrDefault(list => placement.Has($"{placement.Block(0)}{list}.0.{_names.HeadParts.Query}"))
            ?? (_names.Key.Length + _names.FusedQkv.Length == 0 ? _names.HeadLists[0] : null);
        string[] separate = [.. _names.Query, .. _names.Key, .. _names.Value];
        _fused = _headList is null
            && _names.FusedQkv.Length > 0 && (placement.AnyLayerHas(_names.FusedQkv) || !placement.AnyLayerHas(separate));
        // A family that knows both forms knows no code that would say more.
        if (_fused && _names.Query.Length > 0)
        {
            placement.Report.Assumed($"queries, keys and values stand in this order in {Choose(0, _names.FusedQkv)}: "
                + "the order of GPT-2; shapes do not tell");
        }
        string[] qkv = _headList is not null ? [HeadModule(0, _names.HeadParts.Query)] : _fused ? _names.FusedQkv : separate;
        QkvBias = placement.AnyLayerHasBias(qkv);
        ProjectionBias = placement.AnyLayerHasBias(_names.Projection);
        Dim = (int)placement.Taker.PeekMatrix(Choose(0, _names.Projection), width, columns: null, Transposed).Shape[1];
        KvDim = FindKvDim();
    }

    /// <summary>NH * HS.</summary>
    public int Dim { get; }

    /// <summary>NKV * HS.</summary>
    public int KvDim { get; }

    /// <summary>NH, when the checkpoint has a matrix for each head; else null.</summary>
    public int? HeadCount { get; private set; }

    public bool QkvBias { get; }

    public bool ProjectionBias { get; }

    private bool Transposed => _names.TransposedBlocks;

    /// <summary>Places a block's tensors.</summary>
    /// <param name="layer">Which block.</param>
    /// <param name="to">What its names begin with in weights.bin.</param>
    public void Place(int layer, string to)
    {
        TensorTaker taker = _placement.Taker;
        (string Module, int Rows)[] parts = [.. Parts(layer)];
        _placement.Place(to + "attention.qkv.weight",
            [.. parts.Select(part => taker.Matrix(part.Module, part.Rows, _width, Transposed))]);
        if (QkvBias)
            _placement.Place(to + "attention.qkv.bias", [.. parts.Select(part => taker.Bias(part.Module, part.Rows))]);
        string projection = Choose(layer, _names.Projection);
        _placement.Place(to + "attention.projection.weight", taker.Matrix(projection, _width, Dim, Transposed));
        if (ProjectionBias)
            _placement.Place(to + "attention.projection.bias", taker.Bias(projection, _width));
    }

    private IEnumerable<(string Module, int Rows)> Parts(int layer)
    {
        if (_fused)
            return [(Choose(layer, _names.FusedQkv), Dim + 2 * KvDim)];
        if (HeadCount is not { } heads)
            return [(Choose(layer, _names.Query), Dim), (Choose(layer, _names.Key), KvDim), (Choose(layer, _names.Value), KvDim)];
        string[] kinds = [_names.HeadParts.Query, _names.HeadParts.Key, _names.HeadParts.Value];
        return kinds.SelectMany(kind => Enumerable.Range(0, heads), (kind, head) => (_placement.Block(layer) + HeadModule(head, kind), Dim / heads));
    }

    private int FindKvDim()
    {
        if (_headList is not null)
        {
            _placement.Taker.PeekMatrix(_placement.Block(0) + HeadModule(0, _names.HeadParts.Query), rows: null, _width, Transposed);
            HeadCount = CountHeads();
            return Dim;
        }
        if (!_fused)
            return (int)_placement.Taker.PeekMatrix(Choose(0, _names.Key), rows: null, _width, Transposed).Shape[0];
        StoredTensor fused = _placement.Taker.PeekMatrix(Choose(0, _names.FusedQkv), rows: null, _width, Transposed);
        long keysAndValues = fused.Shape[0] - Dim;
        return keysAndValues >= 2 && keysAndValues % 2 == 0 ? (int)(keysAndValues / 2) : throw new CheckpointException(
            $"tensor {Printable.Quote(fused.Name)}: {fused.Shape[0]} outputs found; {Dim} for queries and two equal parts for keys and values needed");
    }

    private int CountHeads()
    {
        int heads = _placement.CountHeads(_headList!);
        return Dim % heads == 0 ? heads : throw new CheckpointException(
            $"{heads} heads found in {Printable.Quote(_placement.Block(0) + _headList)}, but the projection takes {Dim} numbers, no multiple of that");
    }

    private string HeadModule(int head, string part) => $"{_headList}.{head}.{part}";

    private string Choose(int layer, string[] alternatives) => _placement.Choose(_placement.Block(layer), alternatives);
}
