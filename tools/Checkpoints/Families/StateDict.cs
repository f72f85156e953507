using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Families;

/// <summary>The tensors of a model by name. Each is taken once, and what nobody takes is an error: no tensor is dropped silently.</summary>
internal sealed class StateDict
{
    // Where checkpoints keep the model when it is not all that they hold.
    private static readonly string[] Keys = ["model", "model_state_dict", "model_state", "state_dict"];

    private readonly Dictionary<string, StoredTensor> _left = new(StringComparer.Ordinal);
    private readonly List<StoredTensor> _tensors = [];
    private string? _removed;

    private StateDict()
    {
    }

    /// <summary>All tensors in file order.</summary>
    public IReadOnlyList<StoredTensor> Tensors => _tensors;

    /// <summary>Whether tensors are parameters of modules, <c>wte.weight</c>, rather than named by themselves, <c>wte</c>.</summary>
    public bool HasModules => _tensors.Any(static tensor => tensor.Name.EndsWith(".weight", StringComparison.Ordinal));

    /// <summary>The names of the tensors that nobody has taken yet, without prefixes.</summary>
    public IEnumerable<string> LeftNames => _left.Keys;

    /// <summary>Finds the state dict of a checkpoint: what it holds under one of the usual names, or else the root itself.</summary>
    /// <returns>Null when there is none.</returns>
    public static DictValue? Find(Value root)
    {
        if (root is not DictValue dict)
            return null;
        return Keys.Select(dict.Get<DictValue>).FirstOrDefault(HasTensors) ?? (HasTensors(dict) ? dict : null);
    }

    /// <summary>The key that <see cref="Find"/> found the state dict under; empty when it is the root itself.</summary>
    public static string KeyOf(DictValue root) => Keys.FirstOrDefault(key => HasTensors(root.Get<DictValue>(key)), "");

    private static bool HasTensors(DictValue? dict) => dict?.Items.Any(static item => item.Value is TensorValue) == true;

    /// <summary>Whether a state dict has a tensor of a name, whatever wrappers have put before it.</summary>
    public static bool Contains(DictValue? dict, string name) => Get(dict, name) is not null;

    /// <summary>A tensor of a state dict, whatever wrappers have put before its name; null when there is none.</summary>
    public static TensorValue? Get(DictValue? dict, string name) => dict is null ? null : TensorNames.Of(dict).Find(name);

    /// <summary>Checks all tensors of a state dict.</summary>
    /// <param name="dict">Names and tensors.</param>
    /// <param name="prefix">What the family puts before names, removed where it is; may be empty.</param>
    /// <param name="report">Is told about wrappers that were removed.</param>
    /// <exception cref="CheckpointException">
    /// An entry is no tensor or has too long a name, a tensor goes beyond its storage, or two have one name.
    /// </exception>
    public static StateDict Read(DictValue dict, string prefix, Report report)
    {
        var state = new StateDict();
        var wrappers = new SortedSet<string>(StringComparer.Ordinal);
        foreach ((Value key, Value value) in dict.Items)
        {
            if (key is not TextValue { Value: string fullName })
                throw new CheckpointException($"the state dict has a key that is {key.Kind}; names were needed");
            if (fullName.Length > TensorNames.MaxLength)
            {
                throw new CheckpointException($"the state dict has a name of {fullName.Length} characters, {Printable.Quote(fullName)}; "
                    + $"at most {TensorNames.MaxLength} are read");
            }
            if (value is not TensorValue tensor)
                throw new CheckpointException($"the state dict's entry {Printable.Quote(fullName)} is {value.Kind}, not a tensor");

            string name = TensorNames.Unwrap(fullName);
            if (name.Length != fullName.Length)
                wrappers.Add(fullName[..^name.Length]);
            if (prefix.Length > 0 && name.StartsWith(prefix, StringComparison.Ordinal))
                name = name[prefix.Length..];
            state.Add(name, StoredTensor.Open(fullName, tensor));
        }
        foreach (string wrapper in wrappers)
            report.Found($"names begin with {Printable.Quote(wrapper)} (torch.compile, data parallel training or a trainer), which was removed");
        return state;
    }

    /// <summary>The name that a tensor has, or would have, in the file.</summary>
    public string FullName(string name) => _left.TryGetValue(name, out StoredTensor? tensor) ? tensor.Name : _removed + name;

    /// <summary>Whether nobody has taken a tensor of this name yet.</summary>
    public bool Has(string name) => _left.ContainsKey(name);

    /// <summary>Looks at a tensor; null when there is none, or it has been taken.</summary>
    public StoredTensor? Peek(string name) => _left.GetValueOrDefault(name);

    /// <summary>Takes a tensor; null when there is none, or it has been taken.</summary>
    public StoredTensor? Take(string name) => _left.Remove(name, out StoredTensor? tensor) ? tensor : null;

    /// <summary>Fails when a tensor was not taken, and names it.</summary>
    /// <exception cref="CheckpointException">There is one.</exception>
    public void RequireAllTaken()
    {
        if (_left.Count == 0)
            return;
        HashSet<StoredTensor> left = [.. _left.Values];
        StoredTensor first = _tensors.First(left.Contains);
        string others = _left.Count > 1 ? $" (and {_left.Count - 1} more)" : "";
        throw new CheckpointException($"tensor {Printable.Quote(first.Name)} of shape {Printable.Shape(first.Shape)}{others} "
            + "has no place in the model; nothing is dropped silently");
    }

    private void Add(string name, StoredTensor tensor)
    {
        _removed ??= tensor.Name[..^name.Length];
        _tensors.Add(tensor);
        if (!_left.TryAdd(name, tensor))
        {
            throw new CheckpointException($"the tensors {Printable.Quote(_left[name].Name)} and {Printable.Quote(tensor.Name)} "
                + "have the same name but for a prefix");
        }
    }
}
