using System.Buffers.Binary;
using MyGpt.Checkpoints.Pickle;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers;

/// <summary>
/// What <c>torch.save</c> wrote before PyTorch 1.6, and writes with <c>_use_new_zipfile_serialization=False</c>: five pickles one after
/// the other (a magic number, the version, facts about the machine, the object, the keys of its storages), then the storages, each a
/// 64-bit element count and the elements.
/// </summary>
/// <remarks>
/// PyTorch, torch/serialization.py (_legacy_save, _legacy_load). Elements and counts are little-endian whatever machine wrote them
/// (torch/csrc/serialization.cpp): <c>little_endian</c> among the facts says something about the machine and nothing about the file.
/// </remarks>
internal sealed class PyTorchLegacy : IContainerFormat
{
    private const long Version = 1001;

    // The object tree with names, not the tensors.
    private const int MaxObjectLength = 256 << 20;

    private const int MaxKeysLength = 16 << 20, MaxFactsLength = 1 << 16;

    private const int MaxStorages = 100_000;

    private const byte Proto = (byte)Opcode.Proto, Frame = (byte)Opcode.Frame;

    // LONG1 of 10 bytes, 0x1950A86A20F9469CFC6C in little-endian order, STOP.
    private static ReadOnlySpan<byte> Magic => [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, (byte)'.'];

    public string Name => "legacy torch.save";

    // From protocol 4 on a pickle begins with a frame: its code and a 64-bit length.
    public bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head) => head switch
    {
        [Proto, >= 4, Frame, _, _, _, _, _, _, _, _, .. var framed] => framed.StartsWith(Magic),
        [Proto, _, .. var bare] => bare.StartsWith(Magic),
        _ => false,
    };

    public Checkpoint Open(CheckpointFile file)
    {
        long position = 0;
        ReadPickle("the magic number", MaxFactsLength, storages: null);
        Value version = ReadPickle("the version", MaxFactsLength, storages: null);
        if (version is not IntegerValue { Value: Version })
        {
            string found = version is IntegerValue number ? $"{number.Value}" : version.Kind;
            throw new CheckpointException($"this is the legacy format of torch.save in the version {found}; {Version} is the one that is read");
        }
        ReadPickle("the facts about the machine", MaxFactsLength, storages: null);
        var storages = new Storages(file);
        Value root = ReadPickle("the object", MaxObjectLength, storages);
        Value keys = ReadPickle("the list of storages", MaxKeysLength, storages: null);
        storages.Place(keys, position);
        return new Checkpoint
        {
            Container = Name,
            Root = root,
            FileBytes = file.Length,
            Folder = new CheckpointFolder(file),
        };

        Value ReadPickle(string what, int limit, ITensorStorages? storages)
        {
            var reader = new PickleReader(file, position, (int)Math.Min(limit, file.Length - position), what);
            Value value = Unpickler.ReadNext(reader, storages);
            position += reader.Position;
            return value;
        }
    }

    /// <summary>The storages: the object says how large they are, the list after it in which order they follow.</summary>
    private sealed class Storages(CheckpointFile file) : ITensorStorages
    {
        private readonly Dictionary<string, Placed> _found = new(StringComparer.Ordinal);

        public TensorStorage Find(string key, long count, int elementSize)
        {
            if (!_found.TryGetValue(key, out Placed? storage))
                _found[key] = storage = new Placed(file, key, count, elementSize);
            return storage;
        }

        /// <summary>Walks over the storages, which end the file.</summary>
        public void Place(Value keys, long position)
        {
            if (keys is not ListValue { ListKind: ListKind.List } list)
                throw new CheckpointException($"the list of storages is {keys.Kind}; a list was needed");
            if (list.Items.Count > MaxStorages)
                throw new CheckpointException($"the file lists {list.Items.Count} storages; at most {MaxStorages} are read");
            foreach (Value item in list.Items)
            {
                if (item is not TextValue { Value: string key })
                    throw new CheckpointException($"the list of storages has {item.Kind} in it; strings were needed");
                if (!_found.TryGetValue(key, out Placed? storage))
                    throw new CheckpointException($"the file lists the storage {Printable.Quote(key)}, of which no tensor is a part");
                position = storage.Place(position);
            }
            if (_found.Values.FirstOrDefault(static storage => !storage.IsPlaced) is { } missing)
                throw new CheckpointException($"the storage {Printable.Quote(missing.Name)} is missing in the file's list of storages");
            if (position != file.Length)
                throw new CheckpointException($"{file.Length - position} bytes follow the last storage, which ends at byte {position}");
        }
    }

    /// <summary>A storage whose size is known before its place.</summary>
    private sealed class Placed(CheckpointFile file, string key, long count, int elementSize) : TensorStorage
    {
        private long? _start;

        public override string Name { get; } = key;

        public override long Length { get; } = count * elementSize;

        public bool IsPlaced => _start is not null;

        /// <summary>Finds the storage at a place in the file.</summary>
        /// <returns>The byte after it.</returns>
        public long Place(long position)
        {
            string storage = $"the storage {Printable.Quote(Name)} at byte {position}";
            if (IsPlaced)
                throw new CheckpointException($"{storage} is listed twice");
            long left = file.Length - position - sizeof(long);
            if (left < 0)
                throw new CheckpointException($"{storage}: {sizeof(long)} bytes needed for its size, {file.Length - position} are left");
            Span<byte> bytes = stackalloc byte[sizeof(long)];
            file.Read(position, bytes);
            long found = BinaryPrimitives.ReadInt64LittleEndian(bytes);
            if (found != count)
                throw new CheckpointException($"{storage} has {found} elements; the tensors need one of {count}");
            if (Length > left)
                throw new CheckpointException($"{storage}: {Length} bytes needed, {left} are left in the file");
            _start = position + sizeof(long);
            return _start.Value + Length;
        }

        public override void Read(long position, Span<byte> destination)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(position);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(position, Length - destination.Length);
            file.Read(_start!.Value + position, destination);
        }
    }
}
