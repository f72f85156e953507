using MyGpt.Checkpoints.Tensors;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// The work of placing a state dict's tensors: which name a part has here, and which tensor of weights.bin its numbers go to. Each place
/// is reported once, for all layers together.
/// </summary>
internal sealed class Placement
{
    private readonly Dictionary<string, TensorSource> _sources = new(StringComparer.Ordinal);
    private readonly StateDict _state;
    private readonly string _blocks;
    private readonly HashSet<string> _namesWithin;

    public Placement(StateDict state, GptNames names, Report report)
    {
        Taker = new TensorTaker(state);
        Names = names;
        Report = report;
        _state = state;
        (_blocks, LayerCount) = LayerCounter.Count(state, names.Blocks, GptConfigLimits.LayerCount);
        _namesWithin = LayerCounter.NamesWithin(state, _blocks);
    }

    public GptNames Names { get; }

    public TensorTaker Taker { get; }

    /// <summary>Gets the lines.</summary>
    public Report Report { get; }

    /// <summary>L.</summary>
    public int LayerCount { get; }

    /// <summary>Where each tensor of weights.bin comes from, so far.</summary>
    public IReadOnlyDictionary<string, TensorSource> Sources => _sources;

    /// <summary>What the checkpoint's names of a block begin with, such as <c>h.3.</c>.</summary>
    public string Block(int layer) => $"{_blocks}{layer}.";

    /// <summary>
    /// The alternative that the checkpoint has here; else the one that another layer has, which is then missing here; else the first.
    /// </summary>
    /// <param name="block">What names begin with: a block's, or nothing.</param>
    /// <param name="alternatives">Names of modules.</param>
    public string Choose(string block, string[] alternatives) => block + (
        alternatives.FirstOrDefault(name => Has(block + name)) ?? alternatives.FirstOrDefault(name => AnyLayerHas([name])) ?? alternatives[0]);

    /// <summary>Whether one of several modules has a weight or bias that nobody has taken.</summary>
    public bool Has(params string[] modules) => modules.Any(module => Taker.HasWeight(module) || Taker.HasBias(module));

    /// <summary>Whether some layer has a weight for one of several modules, taken or not.</summary>
    public bool AnyLayerHas(string[] modules) => modules.Any(module => TensorTaker.HasWeight(module, _namesWithin.Contains));

    /// <summary>Whether some layer has a bias for one of several modules, taken or not.</summary>
    public bool AnyLayerHasBias(string[] modules) => modules.Any(module => TensorTaker.HasBias(module, _namesWithin.Contains));

    /// <summary>How many heads a list of the first block has.</summary>
    /// <param name="list">Its name within the block.</param>
    /// <exception cref="CheckpointException">A number is left out, or there are too many.</exception>
    public int CountHeads(string list) => LayerCounter.Count(_state, [$"{Block(0)}{list}."], GptConfigLimits.Width, "head").Count;

    /// <summary>Says where a tensor of weights.bin comes from.</summary>
    /// <param name="to">Its name in weights.bin.</param>
    /// <param name="parts">Its rows.</param>
    public void Place(string to, params StoredTensor[] parts)
    {
        _sources.Add(to, new TensorSource(parts));
        (string first, string all) = (Block(0), $"{_blocks}N.");
        if (to.StartsWith("blocks.", StringComparison.Ordinal) && !to.StartsWith("blocks.0.", StringComparison.Ordinal))
            return;
        string layers = to.StartsWith("blocks.", StringComparison.Ordinal) ? $" x {LayerCount}" : "";
        string from = parts.Length > 4
            ? $"{Name(parts[0])} ... {Name(parts[^1])}, {parts.Length} tensors of {Printable.Shape(parts[0].Described)}"
            : string.Join(" + ", parts.Select(part => $"{Name(part)} {Printable.Shape(part.Described)}{View(part)}"));
        Report.Placed(from + layers, to.Replace("blocks.0.", "blocks.N.", StringComparison.Ordinal));

        static string View(StoredTensor part) => part.Shape.SequenceEqual(part.Described) ? "" : $" as {Printable.Shape(part.Shape)}";

        string Name(StoredTensor part) => Printable.Escape(part.Name.Replace(first, all, StringComparison.Ordinal));
    }
}
