using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Pickle;

/// <summary>What PyTorch's pickles name: storages, element types, and the functions that put tensors together.</summary>
/// <remarks>PyTorch 2.x, torch/_utils.py, torch/serialization.py (persistent_id) and torch/storage.py.</remarks>
internal static class TorchGlobals
{
    /// <summary>More dimensions than a weight or a mask has.</summary>
    private const int MaxDimensions = 16;

    private static readonly (string Storage, string Name, TensorType Type)[] Types =
    [
        ("FloatStorage", "float32", TensorType.Float32),
        ("HalfStorage", "float16", TensorType.Float16),
        ("BFloat16Storage", "bfloat16", TensorType.BFloat16),
        ("DoubleStorage", "float64", TensorType.Float64),
        ("CharStorage", "int8", TensorType.Int8),
        ("ByteStorage", "uint8", TensorType.UInt8),
        ("ShortStorage", "int16", TensorType.Int16),
        ("IntStorage", "int32", TensorType.Int32),
        ("LongStorage", "int64", TensorType.Int64),
        ("BoolStorage", "bool", TensorType.Bool),
    ];

    private static readonly string[] UntypedStorages =
        ["torch.UntypedStorage", "torch.storage.UntypedStorage", "torch.storage._UntypedStorage"];

    private static readonly Dictionary<string, TensorType> StorageTypes = Types
        .SelectMany(type => new[] { ($"torch.{type.Storage}", type.Type), ($"torch.storage.{type.Storage}", type.Type) })
        .ToDictionary(pair => pair.Item1, pair => pair.Type, StringComparer.Ordinal);

    private static readonly Dictionary<string, TensorType> ElementTypes =
        Types.ToDictionary(type => $"torch.{type.Name}", type => type.Type, StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IEnumerable<PickleGlobal> All =>
    [
        new("torch._utils._rebuild_tensor", static (arguments, unpickler) => RebuildTensor(arguments, typeArgument: null, unpickler)),
        new("torch._utils._rebuild_tensor_v2", static (arguments, unpickler) => RebuildTensor(arguments, typeArgument: null, unpickler)),
        new("torch._utils._rebuild_tensor_v3", static (arguments, unpickler) => RebuildTensor(arguments, typeArgument: 6, unpickler)),
        new("torch._utils._rebuild_parameter", RebuildParameter),
        new("torch.Size", MakeSize),
        new("torch.device", static (_, _) => new OpaqueValue("torch.device")),
        .. StorageTypes.Keys.Concat(UntypedStorages).Concat(ElementTypes.Keys).Select(name => new PickleGlobal(name, call: null)),
    ];

    /// <summary>
    /// Finds the storage that a persistent id names: <c>('storage', type, key, location, element count)</c>. The legacy format appends None
    /// or the part of the storage that is meant, <c>(key of the part, first element, element count)</c>.
    /// </summary>
    public static StorageValue LoadStorage(Value id, ITensorStorages storages, Unpickler unpickler)
    {
        if (id is not ListValue { Items: [TextValue { Value: "storage" }, PickleGlobal typeName, TextValue { Value: string key }, _,
            IntegerValue { Value: long count }, .. var rest] })
        {
            throw unpickler.Error("a tensor's storage is not described as ('storage', type, key, location, size)");
        }
        TensorType? type = StorageTypes.TryGetValue(typeName.Name, out TensorType known) ? known : null;
        if (type is null && !UntypedStorages.Contains(typeName.Name))
            throw unpickler.Error($"{typeName.Name} is not a type of storage");

        int size = type?.Size() ?? 1;
        if (count < 0 || count > long.MaxValue / size)
            throw unpickler.Error($"the storage {Printable.Quote(key)} is said to have {count} elements of {size} bytes");
        TensorStorage storage = storages.Find(key, count, size)
            ?? throw unpickler.Error($"the archive has no entry for the storage {Printable.Quote(key)}");
        if (count * size != storage.Length)
        {
            throw unpickler.Error($"the storage {Printable.Quote(key)} is said to have {count} elements of {size} bytes; "
                + $"the archive has {storage.Length} bytes");
        }
        return rest is [] or [NoneValue] ? new StorageValue(storage, type) : new StorageValue(LoadPart(rest, storage, count, size, unpickler), type);
    }

    private static StoragePart LoadPart(List<Value> rest, TensorStorage storage, long count, int size, Unpickler unpickler)
    {
        if (rest is not [ListValue { Items: [TextValue, IntegerValue { Value: long first }, IntegerValue { Value: long length }] }])
            throw unpickler.Error("a part of a storage is not described as (key, first element, element count)");
        if (first < 0 || length < 0 || first > count || length > count - first)
            throw unpickler.Error($"{length} elements from {first} on are no part of a storage of {count}");
        unpickler.Take(Cost.Storage);
        return new StoragePart(storage, first * size, length * size);
    }

    private static TensorValue RebuildTensor(List<Value> arguments, int? typeArgument, Unpickler unpickler)
    {
        if (arguments is not [StorageValue storage, IntegerValue offset, ListValue shape, ListValue strides, ..]
            || arguments.Count <= typeArgument)
        {
            throw unpickler.Error("a tensor is not described as (storage, offset, shape, strides, ...)");
        }
        TensorType? type = storage.Type;
        if (typeArgument is { } index)
            type = arguments[index] is PickleGlobal name && ElementTypes.TryGetValue(name.Name, out TensorType known) ? known : null;
        unpickler.Take(Cost.Tensor);
        return new TensorValue
        {
            Storage = storage.Storage,
            Type = type ?? throw unpickler.Error("a tensor does not say what type its elements are"),
            Offset = offset.Value,
            Shape = ReadSizes(shape, unpickler),
            Strides = ReadSizes(strides, unpickler),
        };
    }

    private static TensorValue RebuildParameter(List<Value> arguments, Unpickler unpickler) =>
        arguments is [TensorValue tensor, ..] ? tensor : throw unpickler.Error("a parameter is not described by a tensor");

    private static ListValue MakeSize(List<Value> arguments, Unpickler unpickler) =>
        arguments is [ListValue sizes] ? sizes : throw unpickler.Error("torch.Size is not given a tuple");

    private static long[] ReadSizes(ListValue sizes, Unpickler unpickler)
    {
        if (sizes.Items.Count > MaxDimensions)
            throw unpickler.Error($"a tensor has {sizes.Items.Count} dimensions; at most {MaxDimensions} are read");
        long[] read = new long[sizes.Items.Count];
        for (int i = 0; i < read.Length; i++)
            read[i] = sizes.Items[i] is IntegerValue size ? size.Value : throw unpickler.Error($"a tensor's size is {sizes.Items[i].Kind}");
        return read;
    }
}
