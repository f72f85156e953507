using System.Text.Json;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verify;

/// <summary>Reads the file that <c>docs/reference-logits.md</c> defines.</summary>
/// <remarks>The file is not trusted: its size is bounded, every number is checked, and files of numbers must lie beside it.</remarks>
internal static class ReferenceReader
{
    // The largest we know has 200 kB. JSON's tree takes up to 12 bytes for 2 of the text, and as much again while it grows.
    private const long MaxFileBytes = 4 << 20;

    // Blocks of operations, with some to spare: the deepest models have a few hundred layers.
    private const int MaxOperations = 1 << 14;

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
            return Read(path, ReferenceObject.Root(path, document.RootElement));
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

    private static ReferenceSet Read(string path, ReferenceObject root)
    {
        NumbersName? logits = LogitsFile(root);
        var cases = new List<ReferenceCase>();
        double floatError = 0;
        foreach (ReferenceObject item in root.Items("cases"))
        {
            cases.Add(Case(item, logits ?? throw root.Error("logits_file", "missing, but there are cases")));
            floatError = Math.Max(floatError, item.Number("max_abs_diff_f32_f64") ?? 0);
        }
        ReferenceGreedy[] greedy = [.. root.Items("greedy").Select(item => new ReferenceGreedy(item.Name(), item.Ids("prompt_ids"), item.Ids("ids")))];
        if (cases.Count + greedy.Length == 0)
            throw root.Error("the file", "neither 'cases' nor 'greedy' found; at least one is needed");
        return new ReferenceSet(path, cases, greedy, floatError);
    }

    // float64 logits are the better reference where they exist.
    private static NumbersName? LogitsFile(ReferenceObject root)
    {
        if (root.Has("logits_f64_file"))
            return new NumbersName(root.FileBeside("logits_f64_file"), IsDouble: true);
        return root.Has("logits_file") ? new NumbersName(root.FileBeside("logits_file"), IsDouble(root)) : null;
    }

    private static bool IsDouble(ReferenceObject item) => item.Text("dtype") switch
    {
        null or "float32" => false,
        "float64" => true,
        var other => throw item.Error("dtype", $"'{ReferenceObject.Plain(other)}' found, 'float32' or 'float64' needed"),
    };

    private static ReferenceCase Case(ReferenceObject item, NumbersName logits)
    {
        int[] prompt = item.Ids("prompt_ids");
        int rows = item.Text("logits_positions") switch
        {
            null or "all" => prompt.Length,
            "last" => 1,
            var other => throw item.Error("logits_positions", $"'{ReferenceObject.Plain(other)}' found, 'all' or 'last' needed"),
        };
        int[]? argMax = item.Has("argmax_all") ? item.Ids("argmax_all") : null;
        if (argMax is not null && argMax.Length != prompt.Length)
            throw item.Error("argmax_all", $"{argMax.Length} ids found, {prompt.Length} needed");
        NumberBlock block = item.Block("logits_offset", "logits_shape", rows, "vocabulary size");
        return new ReferenceCase(item.Name(), prompt, logits, block, argMax, item.Object("hidden") is { } hidden ? Hidden(hidden, prompt.Length) : null);
    }

    private static HiddenStates Hidden(ReferenceObject item, int positions)
    {
        var operations = new Dictionary<string, HiddenOperation>();
        foreach (ReferenceObject operation in item.Items("operations"))
        {
            string name = operation.Text("name") ?? throw operation.Error("name", "missing, but an operation needs one");
            if (operations.Count == MaxOperations)
                throw item.Error("operations", $"more than {MaxOperations} found");
            NumberBlock values = operation.Block("offset", "shape", positions, "width");
            if (!operations.TryAdd(name, new HiddenOperation(values, operation.Number("max_abs_diff_f32_f64"))))
                throw operation.Error("name", $"'{ReferenceObject.Plain(name)}' found a second time");
        }
        if (operations.Count == 0)
            throw item.Error("operations", "none found; at least one is needed");
        return new HiddenStates(new NumbersName(item.FileBeside("file"), IsDouble(item)), operations);
    }
}
