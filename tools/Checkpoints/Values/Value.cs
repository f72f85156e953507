namespace MyGpt.Checkpoints.Values;

/// <summary>
/// One piece of data of a checkpoint, the same for every container: pickles, safetensors headers and JSON all become these.
/// A graph of values may contain cycles, so that nothing may walk it by recursion.
/// </summary>
internal abstract class Value
{
    /// <summary>What this is, for messages: <c>an integer</c>, <c>a list</c>.</summary>
    public abstract string Kind { get; }
}

/// <summary>Python's <c>None</c>, JSON's <c>null</c>.</summary>
internal sealed class NoneValue : Value
{
    public static readonly NoneValue Instance = new();

    public override string Kind => "nothing";
}

/// <summary>True or false.</summary>
internal sealed class BoolValue : Value
{
    public static readonly BoolValue True = new(true);

    public static readonly BoolValue False = new(false);

    private BoolValue(bool value) => Value = value;

    public bool Value { get; }

    public override string Kind => "a truth value";
}

/// <summary>An integer of at most 64 bits.</summary>
internal sealed class IntegerValue(long value) : Value
{
    public long Value { get; } = value;

    public override string Kind => "an integer";
}

/// <summary>A binary64 number.</summary>
internal sealed class RealValue(double value) : Value
{
    public double Value { get; } = value;

    public override string Kind => "a number with a fraction";
}

/// <summary>A string.</summary>
internal sealed class TextValue(string value) : Value
{
    public string Value { get; } = value;

    public override string Kind => "a string";
}

/// <summary>Bytes.</summary>
internal sealed class BytesValue(ReadOnlyMemory<byte> value) : Value
{
    public ReadOnlyMemory<byte> Value { get; } = value;

    public override string Kind => "bytes";
}

/// <summary>Which of Python's sequences a <see cref="ListValue"/> was.</summary>
internal enum ListKind
{
    List,
    Tuple,
    Set,
}

/// <summary>A list, tuple or set.</summary>
internal sealed class ListValue(ListKind listKind, List<Value> items) : Value
{
    public ListKind ListKind { get; } = listKind;

    public List<Value> Items { get; } = items;

    public override string Kind => NameOf(ListKind);

    public static string NameOf(ListKind kind) => kind switch
    {
        ListKind.List => "a list",
        ListKind.Tuple => "a tuple",
        ListKind.Set => "a set",
    };
}

/// <summary>Data whose meaning we do not need, such as a device or a NumPy number. It has a name and nothing else.</summary>
internal class OpaqueValue(string name) : Value
{
    /// <summary>What it is called where it comes from, such as <c>torch.device</c>.</summary>
    public string Name { get; } = name;

    public override string Kind => Name is [var first, ..] && "aeiouAEIOU".Contains(first, StringComparison.Ordinal) ? $"an {Name}" : $"a {Name}";
}
