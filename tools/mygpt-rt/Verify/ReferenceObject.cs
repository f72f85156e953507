using System.Text.Json;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Verify;

/// <summary>One object of a reference file, whose members are checked as they are read; an error names the member and what was found.</summary>
/// <param name="file">The reference file.</param>
/// <param name="where">The object's place in it, such as <c>cases[2].hidden</c>; empty for the file itself.</param>
/// <param name="json">The object.</param>
internal sealed class ReferenceObject(string file, string where, JsonElement json)
{
    private const int MaxIds = 1 << 20;
    private const int LongestQuote = 80, LongestName = 255;

    /// <summary>The object of a whole file.</summary>
    /// <exception cref="ReferenceException">It is no object.</exception>
    public static ReferenceObject Root(string file, JsonElement json) => json.ValueKind == JsonValueKind.Object
        ? new(file, "", json)
        : throw new ReferenceException($"'{file}': the file: {Kind(json)} found, an object needed");

    /// <summary>Whether a member is there and not null.</summary>
    public bool Has(string key) => Find(key, out _);

    /// <summary>The objects of an array; none where it is absent.</summary>
    public IEnumerable<ReferenceObject> Items(string key)
    {
        if (!Find(key, out JsonElement list))
            yield break;
        if (list.ValueKind != JsonValueKind.Array)
            throw Error(key, $"{Kind(list)} found, an array needed");
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
            yield return Object($"{key}[{index++}]", item);
    }

    /// <summary>A member that is an object, or null where it is absent.</summary>
    public ReferenceObject? Object(string key) => Find(key, out JsonElement item) ? Object(key, item) : null;

    /// <summary>Token ids.</summary>
    public int[] Ids(string key)
    {
        if (!Find(key, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            throw Error(key, "an array of token ids needed");
        int length = list.GetArrayLength();
        if (length is 0 or > MaxIds)
            throw Error(key, $"{length} ids found, 1 to {MaxIds} needed");
        int[] ids = new int[length];
        int next = 0;
        foreach (JsonElement id in list.EnumerateArray())
            ids[next++] = (int)Whole(key, id, int.MaxValue);
        return ids;
    }

    /// <summary>The rows that an offset and a shape of two numbers name.</summary>
    /// <param name="offset">Where the member of the first number is; absent: 0.</param>
    /// <param name="shape">The shape's member.</param>
    /// <param name="rows">How many rows are needed.</param>
    /// <param name="columnsName">What the second number is called.</param>
    public NumberBlock Block(string offset, string shape, int rows, string columnsName)
    {
        if (!Find(shape, out JsonElement sizes) || sizes.ValueKind != JsonValueKind.Array || sizes.GetArrayLength() != 2)
            throw Error(shape, $"two numbers needed: positions and {columnsName}");
        if (Whole(shape, sizes[0], int.MaxValue) is var found && found != rows)
            throw Error(shape, $"{found} positions found, {rows} needed");
        long columns = Whole(shape, sizes[1], int.MaxValue);
        if (columns == 0)
            throw Error(shape, $"{columnsName} 0 found");
        long first = Find(offset, out JsonElement start) ? Whole(offset, start, long.MaxValue / 16) : 0;
        return new NumberBlock(first, rows, (int)columns);
    }

    /// <summary>A finite number of 0 or more, or null where it is absent.</summary>
    public double? Number(string key)
    {
        if (!Find(key, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= 0 && double.IsFinite(number)
            ? number
            : throw Error(key, $"{Shown(value)} found, a finite number of 0 or more needed");
    }

    /// <summary>A string that is needed if the member is there; null where it is absent.</summary>
    public string? Text(string key)
    {
        if (!Find(key, out JsonElement value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Error(key, $"{Kind(value)} found, a string needed");
    }

    /// <summary>The object's name as messages and tables show it; its place where it has none.</summary>
    public string Name() =>
        Find("name", out JsonElement name) && name.ValueKind == JsonValueKind.String ? Plain(name.GetString()!) : where;

    /// <summary>The path of a file that lies beside the reference.</summary>
    /// <remarks>
    /// A name with a folder in it could make us read any file of the machine and show its content as numbers; one with control characters would be
    /// in the operating system's own messages.
    /// </remarks>
    public string FileBeside(string key)
    {
        string? text = Find(key, out JsonElement name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;
        if (string.IsNullOrEmpty(text) || text.Length > LongestName || text is "." or ".." || text.AsSpan().IndexOfAny("/\\:\0") >= 0
            || Messages.OneLine(text) != text)
        {
            throw Error(key, $"'{Plain(text ?? Kind(name))}' found; the name of a file in the same folder is needed");
        }
        return Path.Combine(Path.GetDirectoryName(file) ?? "", text);
    }

    /// <summary>An error of a member.</summary>
    public ReferenceException Error(string key, string problem) => new($"'{file}': {Place(key)}: {problem}");

    /// <summary>A text of the file as messages and tables show it.</summary>
    public static string Plain(string text) =>
        text.Length > LongestQuote ? $"{Messages.OneLine(text[..LongestQuote])}..." : Messages.OneLine(text);

    private ReferenceObject Object(string key, JsonElement item) => item.ValueKind == JsonValueKind.Object
        ? new ReferenceObject(file, Place(key), item)
        : throw Error(key, $"{Kind(item)} found, an object needed");

    private long Whole(string key, JsonElement value, long maximum) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= 0 && number <= maximum
            ? number
            : throw Error(key, $"{Shown(value)} found, a whole number from 0 to {maximum} needed");

    private bool Find(string key, out JsonElement value) => json.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;

    private string Place(string key) => where.Length == 0 ? key : $"{where}.{key}";

    private static string Shown(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.GetRawText() is { Length: < 40 } text ? text : Kind(value);

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Undefined or JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null => "another value",
    };
}
