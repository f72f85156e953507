using System.Globalization;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Families;

/// <summary>Reads the fields of a checkpoint's config, and knows in the end which of them nobody has asked for.</summary>
/// <param name="config">Names and values.</param>
/// <param name="what">What the checkpoint calls it, for messages: <c>model_args</c>.</param>
internal sealed class ConfigReader(DictValue config, string what)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);

    /// <summary>What the checkpoint calls it, for messages.</summary>
    public string What => what;

    /// <summary>The fields that somebody has asked for.</summary>
    public IReadOnlyCollection<string> ReadFields => _read;

    /// <summary>Whether one of several fields is there; asking does not read it.</summary>
    public bool Has(params string[] names) => names.Any(name => config.TryGet(name, out _));

    /// <summary>An integer of at least 1, under the first of several names that is there; null when none is, or it is None.</summary>
    public int? Size(params string[] names) => Find(names) switch
    {
        (_, null) => null,
        (_, IntegerValue { Value: >= 1 and <= int.MaxValue } integer) => (int)integer.Value,
        (string name, IntegerValue other) => throw Bad(name, other.Value.ToString(CultureInfo.InvariantCulture), $"1 to {int.MaxValue}"),
        (string name, Value other) => throw Bad(name, other.Kind, "an integer"),
    };

    /// <summary>The same, but it must be there.</summary>
    public int RequiredSize(params string[] names) =>
        Size(names) ?? throw new CheckpointException($"{what} has no {Printable.Quote(names[0])}");

    /// <summary>A truth value; null when it is not there.</summary>
    public bool? Flag(params string[] names) => Find(names) switch
    {
        (_, null) => null,
        (_, BoolValue flag) => flag.Value,
        (string name, Value other) => throw Bad(name, other.Kind, "True or False"),
    };

    /// <summary>A number above 0; null when it is not there.</summary>
    public float? Positive(params string[] names) => Find(names) switch
    {
        (_, null) => null,
        (_, RealValue { Value: > 0 and < 1 } real) when (float)real.Value > 0 => (float)real.Value,
        (string name, RealValue real) => throw Bad(name, real.Value.ToString(CultureInfo.InvariantCulture), "a number between 0 and 1"),
        (string name, Value other) => throw Bad(name, other.Kind, "a number between 0 and 1"),
    };

    /// <summary>A number above 0 that float32 holds; null when it is not there.</summary>
    public float? Number(params string[] names) => Find(names) switch
    {
        (_, null) => null,
        (_, IntegerValue { Value: > 0 } integer) => integer.Value,
        (_, RealValue real) when float.IsFinite((float)real.Value) && (float)real.Value > 0 => (float)real.Value,
        (string name, RealValue real) => throw Bad(name, real.Value.ToString(CultureInfo.InvariantCulture), "a number above 0"),
        (string name, IntegerValue integer) => throw Bad(name, integer.Value.ToString(CultureInfo.InvariantCulture), "a number above 0"),
        (string name, Value other) => throw Bad(name, other.Kind, "a number above 0"),
    };

    /// <summary>A string; null when it is not there.</summary>
    public string? Text(params string[] names) => Find(names) switch
    {
        (_, null) => null,
        (_, TextValue text) => text.Value,
        (string name, Value other) => throw Bad(name, other.Kind, "a string"),
    };

    /// <summary>Fails when a size of the config contradicts the tensors.</summary>
    /// <param name="found">What the tensors say.</param>
    /// <param name="where">Which tensors say it.</param>
    /// <param name="names">The names that the field may have.</param>
    public void Expect(int found, string where, params string[] names)
    {
        if (Size(names) is { } stated && stated != found)
            throw new CheckpointException($"{what} says {Name(names)} = {stated}, but {where} says {found}");
    }

    /// <summary>Warns about each field that nobody has read and <see cref="ConfigVariants"/> does not know.</summary>
    /// <param name="report">Gets the warnings.</param>
    /// <param name="harmless">Fields that matter to training only.</param>
    public void WarnUnread(Report report, params string[] harmless)
    {
        string[] unread = [.. config.TextKeys
            .Where(key => !_read.Contains(key) && !harmless.Contains(key) && !ConfigVariants.Fields.Contains(key)).Select(Printable.Quote)];
        if (unread.Length > 0)
        {
            report.Warning($"{what} has {Printable.Count(unread.Length, "field")} that convert does not know and ignores: "
                + string.Join(", ", unread.Take(8)) + (unread.Length > 8 ? ", ..." : ""));
        }
    }

    private (string Name, Value? Value) Find(string[] names)
    {
        (string Name, Value? Value) found = (names.FirstOrDefault(""), null);
        foreach (string name in names)
        {
            if (!config.TryGet(name, out Value? value))
                continue;
            _read.Add(name);
            if (value is NoneValue)
                continue;
            if (found.Value is { } first && !AreEqual(first, value))
            {
                throw new CheckpointException($"{what} says {found.Name} is {Shown(first)} and {name} is {Shown(value)}; "
                    + "they mean the same, so one value was needed");
            }
            if (found.Value is null)
                found = (name, value);
        }
        return found;
    }

    private static bool AreEqual(Value a, Value b) => (a, b) switch
    {
        (IntegerValue x, IntegerValue y) => x.Value == y.Value,
        (IntegerValue or RealValue, IntegerValue or RealValue) => Number(a).Equals(Number(b)),
        (TextValue x, TextValue y) => x.Value == y.Value,
        _ => ReferenceEquals(a, b),   // a truth value is one of two objects
    };

    private static double Number(Value value) => value is IntegerValue integer ? integer.Value : ((RealValue)value).Value;

    private static string Shown(Value value) => value switch
    {
        IntegerValue or RealValue => Number(value).ToString(CultureInfo.InvariantCulture),
        TextValue text => Printable.Quote(text.Value),
        BoolValue flag => flag.Value.ToString(),
        _ => value.Kind,
    };

    /// <summary>Which of several names the config has; the first when it has none.</summary>
    public string Name(params string[] names) => names.FirstOrDefault(name => config.TryGet(name, out _), names[0]);

    private CheckpointException Bad(string name, string found, string needed) =>
        new($"{what} says {name} is {found}; {needed} was needed");
}
