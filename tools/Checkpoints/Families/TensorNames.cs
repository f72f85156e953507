using System.Runtime.CompilerServices;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Families;

/// <summary>The entries of a state dict by their names without wrappers: what a family asks for to recognise it, made once for each.</summary>
internal sealed class TensorNames
{
    /// <summary>Most characters that a tensor's name may have. PyTorch's own nest modules some ten deep.</summary>
    public const int MaxLength = 1000;

    // What wrappers put before every name: torch.compile, DataParallel and DistributedDataParallel, trainers with a member model.
    private static readonly string[] WrapperPrefixes = ["_orig_mod.", "module.", "model."];

    private static readonly ConditionalWeakTable<DictValue, TensorNames> Made = [];

    private readonly Dictionary<string, Value> _entries = new(StringComparer.Ordinal);

    private TensorNames(DictValue state)
    {
        foreach ((Value key, Value value) in state.Items)
        {
            if (key is TextValue { Value: { Length: <= MaxLength } name })
                _entries.TryAdd(Unwrap(name), value);
        }
    }

    /// <summary>The names of a state dict that is complete: what is added later is not among them.</summary>
    public static TensorNames Of(DictValue state) => Made.GetValue(state, static state => new TensorNames(state));

    /// <summary>A name without what wrappers have put before it, once or several times.</summary>
    public static string Unwrap(string name)
    {
        int start = 0;
        while (WrapperPrefixes.FirstOrDefault(prefix => name.AsSpan(start).StartsWith(prefix, StringComparison.Ordinal)) is { } prefix)
            start += prefix.Length;
        return name[start..];
    }

    /// <summary>The first tensor of a name; null when the first entry of that name is none, or there is none.</summary>
    public TensorValue? Find(string name) => _entries.GetValueOrDefault(name) as TensorValue;
}
