using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>Reads the characters of nanoGPT's <c>meta.pkl</c>: a dictionary with <c>itos</c> (id to character) and <c>stoi</c>.</summary>
/// <remarks>github.com/karpathy/nanoGPT, data/shakespeare_char/prepare.py.</remarks>
internal static class MetaPickle
{
    /// <summary>The characters in id order.</summary>
    /// <param name="root">What the pickle holds.</param>
    /// <param name="source">The file's name, for messages.</param>
    /// <exception cref="CheckpointException">It holds something else, or the ids are not 0, 1, 2, ...</exception>
    public static string[] Characters(Value root, string source)
    {
        DictValue? itos = (root as DictValue)?.Get<DictValue>("itos"), stoi = (root as DictValue)?.Get<DictValue>("stoi");
        string[]? byId = itos is null ? null : InOrder(itos.Items.Select(item => (item.Key, item.Value)), "itos", source);
        string[]? byText = stoi is null ? null : InOrder(stoi.Items.Select(item => (item.Value, item.Key)), "stoi", source);
        if (byId is not null && byText is not null && !byId.SequenceEqual(byText))
            throw new CheckpointException($"{source}: itos and stoi contradict each other");
        return byId ?? byText
            ?? throw new CheckpointException($"{source} has neither itos nor stoi; it is not the meta.pkl of a character model");
    }

    private static string[] InOrder(IEnumerable<(Value Id, Value Text)> pairs, string field, string source)
    {
        var characters = new SortedDictionary<long, string>();
        foreach ((Value id, Value text) in pairs)
        {
            if (id is not IntegerValue number || text is not TextValue character)
                throw new CheckpointException($"{source}: {field} pairs {id.Kind} with {text.Kind}; an id and a character were needed");
            if (!characters.TryAdd(number.Value, character.Value))
                throw new CheckpointException($"{source}: {field} has the id {number.Value} twice");
        }
        long next = 0;
        foreach (long id in characters.Keys)
        {
            if (id != next++)
                throw new CheckpointException($"{source}: {field} has no character with the id {next - 1}");
        }
        return [.. characters.Values];
    }
}
