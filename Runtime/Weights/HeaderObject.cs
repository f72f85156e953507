using System.Globalization;
using System.Text.Json;

namespace MyGpt.Runtime.Weights;

/// <summary>A JSON object of the header that is read strictly: every key is known, every value has its type and range.</summary>
internal readonly struct HeaderObject
{
    private readonly JsonElement _element;

    /// <param name="file">The file's name, for messages.</param>
    /// <param name="part">Where in the file the object stands, such as <c>header.config</c>.</param>
    /// <param name="element">The value that must be an object.</param>
    /// <param name="keys">The keys it may have.</param>
    /// <exception cref="WeightsFormatException">It is no object, or has an unknown key.</exception>
    public HeaderObject(string file, string part, JsonElement element, ReadOnlySpan<string> keys)
    {
        File = file;
        Part = part;
        _element = element;
        if (element.ValueKind != JsonValueKind.Object)
            throw FormatError.Create(file, part, $"{FormatError.Quote(element)} found, an object needed");
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!keys.Contains(property.Name))
                throw FormatError.Create(file, part, $"unknown key {FormatError.Quote(property.Name)}; known: {string.Join(", ", keys!)}");
        }
    }

    public string File { get; }

    public string Part { get; }

    /// <summary>Whether an optional key is there.</summary>
    public bool Has(string key) => _element.TryGetProperty(key, out _);

    /// <summary>The value of a key that must be there.</summary>
    public JsonElement this[string key] => _element.TryGetProperty(key, out JsonElement value)
        ? value
        : throw FormatError.Create(File, Part, $"key '{key}' is missing");

    public long Integer(string key, long smallest, long largest)
    {
        JsonElement value = this[key];
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= smallest && number <= largest)
            return number;
        throw Unexpected(key, string.Create(CultureInfo.InvariantCulture, $"an integer from {smallest} to {largest}"));
    }

    /// <summary>An integer, or null for JSON's null.</summary>
    public long? OptionalInteger(string key, long smallest, long largest) =>
        this[key].ValueKind == JsonValueKind.Null ? null : Integer(key, smallest, largest);

    /// <summary>A finite number that fits float32.</summary>
    public float Single(string key)
    {
        JsonElement value = this[key];
        if (value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number))
            return number;
        throw Unexpected(key, "a finite float32 number");
    }

    /// <summary>The same for a key that may be absent.</summary>
    public float Single(string key, float absent) => Has(key) ? Single(key) : absent;

    /// <summary>True or false for a key that may be absent.</summary>
    public bool Boolean(string key, bool absent) => Has(key) ? Boolean(key) : absent;

    public bool Boolean(string key) => this[key].ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Unexpected(key, "true or false"),
    };

    public string Text(string key) =>
        this[key].ValueKind == JsonValueKind.String ? this[key].GetString()! : throw Unexpected(key, "a string");

    /// <summary>A member of an enum by its code.</summary>
    public T Code<T>(string key, Func<T, string> code)
        where T : struct, Enum
    {
        JsonElement value = this[key];
        foreach (T member in Enum.GetValues<T>())
        {
            if (value.ValueKind == JsonValueKind.String && value.ValueEquals(code(member)))
                return member;
        }
        throw Unexpected(key, "one of " + string.Join(", ", Enum.GetValues<T>().Select(code)));
    }

    /// <summary>The elements of an array with a number of them in a range.</summary>
    public JsonElement.ArrayEnumerator Array(string key, int fewest, int most)
    {
        JsonElement value = this[key];
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() >= fewest && value.GetArrayLength() <= most)
            return value.EnumerateArray();
        throw Unexpected(key, string.Create(CultureInfo.InvariantCulture, $"an array of {fewest} to {most}"));
    }

    /// <summary>The error that a key's value is not what was needed.</summary>
    public WeightsFormatException Unexpected(string key, string needed) =>
        FormatError.Create(File, $"{Part}.{key}", $"{FormatError.Quote(this[key])} found, {needed} needed");
}
