using System.Globalization;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>
/// Reads the maps of lecture codes, as nanoGPT's <c>meta.pkl</c> has them: <c>itos</c> from id to token, <c>stoi</c> from token to id.
/// </summary>
/// <remarks>github.com/karpathy/nanoGPT, data/shakespeare_char/prepare.py. In JSON the ids of itos are strings, or it is a list.</remarks>
internal static class TokenMap
{
    /// <summary>The tokens in id order; null when the dictionary has neither map.</summary>
    /// <param name="root">The dictionary.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="CheckpointException">The ids are not 0, 1, 2, ..., or the maps contradict each other.</exception>
    public static string[]? Read(DictValue root, string source)
    {
        string[]? byId = root.Get<DictValue>("itos") is { } itos ? InOrder(itos, idFirst: true, "itos", source)
            : root.Get<ListValue>("itos") is { } list ? VocabularyTable.Texts(list, $"{source}: itos") : null;
        string[]? byText = root.Get<DictValue>("stoi") is { } stoi ? InOrder(stoi, idFirst: false, "stoi", source) : null;
        if (byId is not null && byText is not null && !byId.SequenceEqual(byText))
            throw new CheckpointException($"{source}: itos and stoi contradict each other");
        return byId ?? byText;
    }

    /// <summary>The tokens of one map in id order, whichever way it goes.</summary>
    /// <exception cref="CheckpointException">The ids are not 0, 1, 2, ...</exception>
    public static string[] ReadOne(DictValue map, string source) =>
        InOrder(map, idFirst: map.Items.Count > 0 && map.Items[0].Value is TextValue, "the map", source);

    private static string[] InOrder(DictValue map, bool idFirst, string field, string source)
    {
        var tokens = new SortedDictionary<long, string>();
        foreach ((Value key, Value value) in map.Items)
        {
            (Value id, Value text) = idFirst ? (key, value) : (value, key);
            if (Id(id, isKey: idFirst) is not { } number || text is not TextValue token)
                throw new CheckpointException($"{source}: {field} pairs {id.Kind} with {text.Kind}; an id and a character were needed");
            if (!tokens.TryAdd(number, token.Value))
                throw new CheckpointException($"{source}: {field} has the id {number} twice");
        }
        long next = 0;
        foreach (long id in tokens.Keys)
        {
            if (id != next++)
                throw new CheckpointException($"{source}: {field} has no character with the id {next - 1}");
        }
        return [.. tokens.Values];
    }

    // A key of JSON is always a string.
    private static long? Id(Value id, bool isKey) => id switch
    {
        IntegerValue number => number.Value,
        TextValue text when isKey && int.TryParse(text.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) => number,
        _ => null,
    };
}
