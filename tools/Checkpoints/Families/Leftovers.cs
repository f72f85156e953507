using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Families;

/// <summary>Reports what a checkpoint holds beside the model.</summary>
internal static class Leftovers
{
    private const int MostNamed = 12;

    /// <summary>A line for each part with tensors, and one for the rest together.</summary>
    /// <param name="root">The checkpoint.</param>
    /// <param name="used">The keys that were read.</param>
    /// <param name="report">Gets the lines.</param>
    public static void Report(DictValue root, IReadOnlyCollection<string> used, Report report)
    {
        var small = new List<string>();
        var beside = new List<string>();
        foreach ((Value key, Value value) in root.Items)
        {
            string name = key is TextValue text ? text.Value : key.Kind;
            if (used.Contains(name))
                continue;
            (int count, long bytes) = CountTensors(value);
            if (value is not TensorValue && count > 0)
                report.LeftOut($"{Printable.Quote(name)}: {Printable.Count(count, "tensor")} ({Printable.Bytes(bytes)}), not read");
            else if (value is TensorValue { Shape.Length: > 0 })
                beside.Add(Printable.Quote(name));
            else
                small.Add(Printable.Quote(name));
        }
        if (beside.Count > 0)
        {
            report.Warning($"{Printable.Count(beside.Count, "tensor")} beside the state dict that was read, and not read: "
                + $"{string.Join(", ", beside.Take(MostNamed))}{(beside.Count > MostNamed ? ", ..." : "")}");
        }
        if (small.Count > 0)
        {
            string more = small.Count > MostNamed ? ", ..." : "";
            report.LeftOut($"what training noted and generation does not need: {string.Join(", ", small.Take(MostNamed))}{more}");
        }
    }

    // With a stack and a memory of what was seen: a pickle may contain itself.
    private static (int Count, long Bytes) CountTensors(Value start)
    {
        var seen = new HashSet<Value>(ReferenceEqualityComparer.Instance);
        var open = new Stack<Value>([start]);
        int count = 0;
        long bytes = 0;
        while (open.TryPop(out Value? value))
        {
            if (value is not (TensorValue or ListValue or DictValue) || !seen.Add(value))
                continue;
            if (value is TensorValue tensor)
            {
                count++;
                bytes += tensor.Storage.Length;
            }
            foreach (Value child in Children(value))
                open.Push(child);
        }
        return (count, bytes);
    }

    private static IEnumerable<Value> Children(Value value) => value switch
    {
        ListValue list => list.Items,
        DictValue dict => dict.Items.Select(item => item.Value),
        _ => [],
    };
}
