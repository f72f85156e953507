using System.Text.Json;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verify;

/// <summary>Reads the file that <c>docs/reference-logits.md</c> defines.</summary>
/// <remarks>The file is not trusted: its size is bounded, every number is checked, and the logits must lie in a file beside it.</remarks>
internal sealed class ReferenceReader
{
    // The largest we know has 200 kB. JSON's tree takes up to 12 bytes for 2 of the text, and as much again while it grows.
    private const long MaxFileBytes = 4 << 20;
    private const int MaxIds = 1 << 20;
    private const int LongestQuote = 80, LongestName = 255;

    private readonly string _path;
    private string? _logitsPath;
    private bool _isDouble;

    private ReferenceReader(string path) => _path = path;

    /// <summary>Reads a reference file.</summary>
    /// <param name="path">The JSON file.</param>
    /// <exception cref="ReferenceException">The file is damaged; the message names the part.</exception>
    /// <exception cref="IOException">It is a pipe or a device, or cannot be read.</exception>
    public static ReferenceSet Read(string path)
    {
        FileInfo file = RegularFile.Find(path);
        if (file.Length > MaxFileBytes)
            throw new ReferenceException($"'{path}' has {file.Length} bytes; a reference file has at most {MaxFileBytes}");
        byte[] json = File.ReadAllBytes(file.FullName);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return new ReferenceReader(path).Read(document.RootElement);
        }
        catch (JsonException failure)
        {
            JsonFault fault = JsonFault.Of(json, failure);
            throw new ReferenceException($"'{path}' is not JSON: byte {fault.Offset}: {fault.Reason}", failure);
        }
        catch (InvalidOperationException failure)   // half a surrogate pair in a string
        {
            throw new ReferenceException($"'{path}' is not JSON: it has an escape that is half a character", failure);
        }
    }

    private ReferenceSet Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw Error("the file", $"{Kind(root)} found, an object needed");

        // float64 logits are the better reference where they exist.
        bool hasDoubles = Has(root, "logits_f64_file", out JsonElement file);
        _isDouble = hasDoubles || (Has(root, "dtype", out JsonElement type) && Text(type) == "float64");
        if (hasDoubles || Has(root, "logits_file", out file))
            _logitsPath = Beside(file);

        var cases = new List<ReferenceCase>();
        double floatError = 0;
        foreach ((JsonElement item, string where) in Items(root, "cases"))
        {
            cases.Add(Case(item, where));
            if (Has(item, "max_abs_diff_f32_f64", out JsonElement difference))
                floatError = Math.Max(floatError, Number(difference, $"{where}.max_abs_diff_f32_f64"));
        }
        var greedy = new List<ReferenceGreedy>();
        foreach ((JsonElement item, string where) in Items(root, "greedy"))
            greedy.Add(new ReferenceGreedy(Name(item, where), Ids(item, where, "prompt_ids"), Ids(item, where, "ids")));
        if (cases.Count + greedy.Count == 0)
            throw Error("the file", "neither 'cases' nor 'greedy' found; at least one is needed");
        return new ReferenceSet(_path, cases, greedy, floatError);
    }

    private ReferenceCase Case(JsonElement item, string where)
    {
        int[] prompt = Ids(item, where, "prompt_ids");
        int rows = Positions(item, where) switch
        {
            "all" => prompt.Length,
            "last" => 1,
            var other => throw Error($"{where}.logits_positions", $"'{Plain(other)}' found, 'all' or 'last' needed"),
        };
        int[]? argMax = Has(item, "argmax_all", out _) ? Ids(item, where, "argmax_all") : null;
        if (argMax is not null && argMax.Length != prompt.Length)
            throw Error($"{where}.argmax_all", $"{argMax.Length} ids found, {prompt.Length} needed");
        return new ReferenceCase(Name(item, where), prompt, Location(item, where, rows), argMax);
    }

    private string Positions(JsonElement item, string where)
    {
        if (!Has(item, "logits_positions", out JsonElement word))
            return "all";
        return Text(word) ?? throw Error($"{where}.logits_positions", $"{Kind(word)} found, a string needed");
    }

    private LogitsLocation Location(JsonElement item, string where, int rows)
    {
        string at = $"{where}.logits_shape";
        if (!Has(item, "logits_shape", out JsonElement shape) || shape.ValueKind != JsonValueKind.Array || shape.GetArrayLength() != 2)
            throw Error(at, "two numbers needed: positions and vocabulary size");
        if (Whole(shape[0], at, int.MaxValue) is var found && found != rows)
            throw Error(at, $"{found} positions found, {rows} needed");
        long columns = Whole(shape[1], at, int.MaxValue);
        if (columns == 0)
            throw Error(at, "vocabulary size 0 found");
        long offset = Has(item, "logits_offset", out JsonElement start) ? Whole(start, $"{where}.logits_offset", long.MaxValue / 16) : 0;
        string path = _logitsPath ?? throw Error("logits_file", "missing, but there are cases");
        return new LogitsLocation(path, _isDouble, offset, rows, (int)columns);
    }

    // A name with a folder in it could make us read any file of the machine and show its content as numbers; one with control characters
    // would be in the operating system's own messages.
    private string Beside(JsonElement name)
    {
        string? text = Text(name);
        if (string.IsNullOrEmpty(text) || text.Length > LongestName || text is "." or ".." || text.AsSpan().IndexOfAny("/\\:\0") >= 0
            || Messages.OneLine(text) != text)
        {
            throw Error("logits_file", $"'{Plain(text ?? Kind(name))}' found; the name of a file in the same folder is needed");
        }
        return Path.Combine(Path.GetDirectoryName(_path) ?? "", text);
    }

    private IEnumerable<(JsonElement Item, string Where)> Items(JsonElement root, string key)
    {
        if (!Has(root, key, out JsonElement list))
            yield break;
        if (list.ValueKind != JsonValueKind.Array)
            throw Error(key, $"{Kind(list)} found, an array needed");
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            string where = $"{key}[{index++}]";
            if (item.ValueKind != JsonValueKind.Object)
                throw Error(where, $"{Kind(item)} found, an object needed");
            yield return (item, where);
        }
    }

    private int[] Ids(JsonElement item, string where, string key)
    {
        if (!Has(item, key, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            throw Error($"{where}.{key}", "an array of token ids needed");
        int length = list.GetArrayLength();
        if (length is 0 or > MaxIds)
            throw Error($"{where}.{key}", $"{length} ids found, 1 to {MaxIds} needed");
        int[] ids = new int[length];
        int next = 0;
        foreach (JsonElement id in list.EnumerateArray())
            ids[next++] = (int)Whole(id, $"{where}.{key}", int.MaxValue);
        return ids;
    }

    private long Whole(JsonElement value, string where, long maximum) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= 0 && number <= maximum
            ? number
            : throw Error(where, $"{Shown(value)} found, a whole number from 0 to {maximum} needed");

    private double Number(JsonElement value, string where) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= 0 && double.IsFinite(number)
            ? number
            : throw Error(where, $"{Shown(value)} found, a finite number of 0 or more needed");

    private static string Name(JsonElement item, string where) =>
        Has(item, "name", out JsonElement name) && Text(name) is { } text ? Plain(text) : where;

    // A text of the file as messages and tables show it.
    private static string Plain(string text) =>
        text.Length > LongestQuote ? $"{Messages.OneLine(text[..LongestQuote])}..." : Messages.OneLine(text);

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Has(JsonElement item, string key, out JsonElement value) =>
        item.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;

    private static string Shown(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.GetRawText() is { Length: < 40 } text ? text : Kind(value);

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "another value",
    };

    private ReferenceException Error(string where, string problem) => new($"'{_path}': {where}: {problem}");
}
