using System.Globalization;

namespace MyGpt.Checkpoints.Families;

/// <summary>Counts the layers of a state dict, or the heads of a layer, by the numbers in its names.</summary>
internal static class LayerCounter
{
    /// <summary>Finds the list of blocks and its length.</summary>
    /// <param name="state">The tensors.</param>
    /// <param name="alternatives">What may stand before the number: <c>h.</c> for <c>h.0.</c>, <c>h.1.</c>, ...</param>
    /// <param name="noun">What is counted.</param>
    /// <exception cref="CheckpointException">There is none, or a number is left out.</exception>
    public static (string Blocks, int Count) Count(StateDict state, string[] alternatives, string noun = "layer")
    {
        foreach (string blocks in alternatives)
        {
            var layers = new SortedSet<int>(state.LeftNames.Select(name => LayerOf(name, blocks)).OfType<int>());
            if (layers.Count == 0)
                continue;
            int gap = Enumerable.Range(0, layers.Count).FirstOrDefault(layer => !layers.Contains(layer), -1);
            return gap < 0 ? (blocks, layers.Count) : throw new CheckpointException(
                $"{noun} {gap} is missing: no tensor's name begins with {Begin(blocks, gap)}, but there is a {noun} {layers.Max}");
        }
        throw new CheckpointException($"the state dict has no {noun}s: no tensor's name begins with {Begin(alternatives[0], 0)}");

        string Begin(string blocks, int layer) => Printable.Quote(state.FullName($"{blocks}{layer}."));
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
