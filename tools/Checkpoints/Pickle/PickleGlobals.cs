using System.Collections.Frozen;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>The fixed list of globals that a pickle may name. Everything else is refused by name.</summary>
internal static class PickleGlobals
{
    private static readonly FrozenDictionary<string, PickleGlobal> Allowed = Make();

    /// <summary>The global of a full name, or null when it is not on the list.</summary>
    public static PickleGlobal? Find(string name) => Allowed.GetValueOrDefault(name);

    private static FrozenDictionary<string, PickleGlobal> Make()
    {
        List<PickleGlobal> globals =
        [
            new("collections.OrderedDict", MakeDict),
            .. TorchGlobals.All,
        ];
        foreach (string builtins in (string[])["builtins", "__builtin__"])
        {
            globals.Add(new PickleGlobal($"{builtins}.set", MakeSet));
            globals.Add(new PickleGlobal($"{builtins}.frozenset", MakeSet));
            globals.Add(new PickleGlobal($"{builtins}.bytearray", static (_, _) => new OpaqueValue("byte array")));   // before protocol 5
        }

        // What NumPy made, such as a best loss or the state of a random generator. We know that it is there and need not know it.
        foreach (string numpy in (string[])["numpy.core.multiarray", "numpy._core.multiarray"])
        {
            globals.Add(new PickleGlobal($"{numpy}.scalar", static (_, _) => new OpaqueValue("NumPy number")));
            globals.Add(new PickleGlobal($"{numpy}._reconstruct", static (_, _) => new OpaqueValue("NumPy array")));
        }
        globals.Add(new PickleGlobal("numpy.ndarray", call: null));
        globals.Add(new PickleGlobal("numpy.dtype", static (_, _) => new OpaqueValue("NumPy type")));
        globals.Add(new PickleGlobal("_codecs.encode", static (_, _) => new OpaqueValue("encoded string")));
        return globals.ToFrozenDictionary(global => global.Name, StringComparer.Ordinal);
    }

    private static DictValue MakeDict(List<Value> arguments, Unpickler unpickler)
    {
        var dict = new DictValue(isOrdered: true);
        switch (arguments)
        {
            case []:
                return dict;
            case [ListValue pairs]:
                foreach (Value pair in pairs.Items)
                {
                    if (pair is not ListValue { Items: [Value key, Value value] })
                        throw unpickler.Error($"an ordered dictionary is made from pairs, not from {pair.Kind}");
                    unpickler.SetItem(dict, key, value);
                }
                return dict;
            default:
                throw unpickler.Error("an ordered dictionary is made from nothing or from a list of pairs");
        }
    }

    private static ListValue MakeSet(List<Value> arguments, Unpickler unpickler)
    {
        if (arguments is not [ListValue items])
            throw unpickler.Error("a set is made from a list");
        unpickler.Take(Cost.Item * items.Items.Count);
        return new ListValue(ListKind.Set, [.. items.Items]);
    }
}
