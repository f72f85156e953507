using System.Diagnostics.CodeAnalysis;

namespace MyGpt.Checkpoints.Values;

/// <summary>Keys and values in file order. Keys that are strings can be looked up and are unique.</summary>
/// <param name="isOrdered">Whether it was Python's OrderedDict, an object that may have attributes, rather than a plain dict.</param>
internal sealed class DictValue(bool isOrdered = false) : Value
{
    private readonly List<KeyValuePair<Value, Value>> _items = [];
    private readonly Dictionary<string, Value> _byText = new(StringComparer.Ordinal);

    public bool IsOrdered { get; } = isOrdered;

    public override string Kind => "a dictionary";

    /// <summary>Everything in file order.</summary>
    public IReadOnlyList<KeyValuePair<Value, Value>> Items => _items;

    /// <summary>The keys that are strings, in file order.</summary>
    public IEnumerable<string> TextKeys => _items.Select(item => item.Key).OfType<TextValue>().Select(key => key.Value);

    /// <summary>Adds one pair.</summary>
    /// <returns>False, with nothing added, when a string key is already there.</returns>
    public bool TryAdd(Value key, Value value)
    {
        if (key is TextValue text && !_byText.TryAdd(text.Value, value))
            return false;
        _items.Add(new(key, value));
        return true;
    }

    /// <summary>Looks a string key up.</summary>
    public bool TryGet(string key, [NotNullWhen(true)] out Value? value) => _byText.TryGetValue(key, out value);

    /// <summary>Looks a string key up whose value must be a <typeparamref name="T"/>; null when it is absent or something else.</summary>
    public T? Get<T>(string key) where T : Value => _byText.TryGetValue(key, out Value? value) ? value as T : null;
}
