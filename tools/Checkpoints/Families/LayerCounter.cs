using System.Globalization;

namespace MyGpt.Checkpoints.Families;

/// <summary>Counts the layers of a state dict, or the heads of a layer, by the numbers in its names.</summary>
internal static class LayerCounter
{
    /// <summary>Finds the list of blocks and its length.</summary>
    /// <param name="state">The tensors.</param>
    /// <param name="alternatives">What may stand before the number: <c>h.</c> for <c>h.0.</c>, <c>h.1.</c>, ...</param>
    /// <param name="most">Most that a model may have.</param>
    /// <param name="noun">What is counted.</param>
    /// <exception cref="CheckpointException">There is none, a number is left out, or there are too many.</exception>
    public static (string Blocks, int Count) Count(StateDict state, string[] alternatives, int most, string noun = "layer")
    {
        foreach (string blocks in alternatives)
        {
            var layers = new SortedSet<int>(state.LeftNames.Select(name => LayerOf(name, blocks)).OfType<int>());
            if (layers.Count == 0)
                continue;
            if (layers.Count > most)
                throw new CheckpointException($"{layers.Count} {noun}s found, {Begin(blocks, layers.Min)} and on; at most {most} are read");
            int gap = Enumerable.Range(0, layers.Count).FirstOrDefault(layer => !layers.Contains(layer), -1);
            return gap < 0 ? (blocks, layers.Count) : throw new CheckpointException(
                $"{noun} {gap} is missing: no tensor's name begins with {Begin(blocks, gap)}, but there is a {noun} {layers.Max}");
        }
        throw new CheckpointException($"the state dict has no {noun}s: no tensor's name begins with {Begin(alternatives[0], 0)}");

        string Begin(string blocks, int layer) => Printable.Quote(state.FullName($"{blocks}{layer}."));
    }

    /// <summary>The names of the tensors within a block, without repetition: <c>ln_1.weight</c> for <c>h.3.ln_1.weight</c>.</summary>
    /// <param name="state">The tensors.</param>
    /// <param name="blocks">What stands before the number.</param>
    public static HashSet<string> NamesWithin(StateDict state, string blocks)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> parts = names.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string name in state.LeftNames)
        {
            if (LayerOf(name, blocks) is not null)
                parts.Add(name.AsSpan(name.IndexOf('.', blocks.Length) + 1));
        }
        return names;
    }

    private static int? LayerOf(string name, string blocks)
    {
        if (!name.StartsWith(blocks, StringComparison.Ordinal))
            return null;
        ReadOnlySpan<char> rest = name.AsSpan(blocks.Length);
        int end = rest.IndexOf('.');
        return end > 0 && int.TryParse(rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out int layer) ? layer : null;
    }
}
