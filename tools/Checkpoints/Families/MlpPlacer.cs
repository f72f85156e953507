namespace MyGpt.Checkpoints.Families;

/// <summary>Places the matrices of each block's MLP: two, or three when it is gated.</summary>
internal sealed class MlpPlacer
{
    private readonly Placement _placement;
    private readonly int _width;
    private readonly string[] _gate, _up, _down;

    /// <summary>Looks at the first block.</summary>
    /// <param name="placement">Takes the tensors.</param>
    /// <param name="width">C.</param>
    public MlpPlacer(Placement placement, int width)
    {
        _placement = placement;
        _width = width;
        GptNames names = placement.Names;
        GatedMlpNames? gated = names.GatedMlps.FirstOrDefault(IsHere);
        _gate = gated is null ? [] : [gated.Gate];
        _up = gated is null ? names.MlpUp : [gated.Up];
        _down = gated is null ? names.MlpDown : [gated.Down];
        if (gated?.Convention is { } convention)
            placement.Report.Assumed($"the MLP's gate is {gated.Gate}, {gated.Up} is what it gates, {gated.Down} leads back: {convention}");
        Dim = (int)placement.Taker.PeekMatrix(Choose(0, _up), rows: null, width, names.TransposedBlocks).Shape[0];
        UpBias = placement.AnyLayerHasBias([.. _gate, .. _up]);
        DownBias = placement.AnyLayerHasBias(_down);
    }

    /// <summary>F.</summary>
    public int Dim { get; }

    public bool Gated => _gate.Length > 0;

    public bool UpBias { get; }

    public bool DownBias { get; }

    /// <summary>Places a block's tensors.</summary>
    /// <param name="layer">Which block.</param>
    /// <param name="to">What its names begin with in weights.bin.</param>
    public void Place(int layer, string to)
    {
        if (Gated)
            Place(layer, _gate, to + "mlp.gate", Dim, _width, UpBias);
        Place(layer, _up, to + "mlp.up", Dim, _width, UpBias);
        Place(layer, _down, to + "mlp.down", _width, Dim, DownBias);
    }

    private void Place(int layer, string[] alternatives, string to, int rows, int columns, bool bias)
    {
        string module = Choose(layer, alternatives);
        _placement.Place(to + ".weight", _placement.Taker.Matrix(module, rows, columns, _placement.Names.TransposedBlocks));
        if (bias)
            _placement.Place(to + ".bias", _placement.Taker.Bias(module, rows));
    }

    // People number the three matrices, and not all in the same order: the one that leads back to C is seen by its shape.
    private bool IsHere(GatedMlpNames names)
    {
        string block = _placement.Block(0);
        if (!((string[])[names.Gate, names.Up, names.Down]).All(module => _placement.Taker.HasWeight(block + module)))
            return false;
        IReadOnlyList<long> up = Shape(names.Up), down = Shape(names.Down);
        return up.SequenceEqual(Shape(names.Gate)) && down.SequenceEqual(up.Reverse()) && up[1] == _width;

        IReadOnlyList<long> Shape(string module) =>
            _placement.Taker.PeekMatrix(block + module, rows: null, columns: null, _placement.Names.TransposedBlocks).Shape;
    }

    private string Choose(int layer, string[] alternatives) => _placement.Choose(_placement.Block(layer), alternatives);
}
