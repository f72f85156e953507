using System.Text;
using MyGpt.Checkpoints.Containers.Zip;
using MyGpt.Checkpoints.Pickle;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Containers;

/// <summary>
/// What <c>torch.save</c> writes since PyTorch 1.6: a zip archive of stored entries in one folder of any name, with the object
/// as a pickle in <c>data.pkl</c> and each tensor's storage as <c>data/KEY</c>.
/// </summary>
/// <remarks>PyTorch, torch/serialization.py and caffe2/serialize/inline_container.cc.</remarks>
internal sealed class PyTorchZip : IContainerFormat
{
    private const string PickleName = "data.pkl";

    // The object tree with names, not the tensors: 100 kB for a large model. The limit leaves room for a vocabulary in it.
    private const long MaxPickleLength = 256 << 20;

    public string Name => "PyTorch zip";

    public bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head) =>
        head.StartsWith("PK\x03\x04"u8) || head.StartsWith("PK\x05\x06"u8);

    public Checkpoint Open(CheckpointFile file)
    {
        Dictionary<string, ZipEntry> entries = ZipDirectory.Read(file);
        string root = FindRoot(entries.Keys);
        if (entries.ContainsKey(root + "constants.pkl"))
        {
            throw new CheckpointException("this is a TorchScript program (torch.jit.save), not a checkpoint; "
                + "save model.state_dict() with torch.save");
        }

        ZipEntry pickle = entries[root + PickleName];
        if (pickle.Length > MaxPickleLength)
            throw new CheckpointException($"{PickleName} has {pickle.Length} bytes; at most {MaxPickleLength} are read");
        byte[] bytes = new byte[pickle.Length];
        file.Read(pickle.Offset, bytes);

        var storages = new Storages(file, entries, root, IsBigEndian(file, entries, root));
        return new Checkpoint
        {
            Container = Name,
            Root = Unpickler.Read(bytes, PickleName, storages),
            FileBytes = file.Length,
            Folder = new CheckpointFolder(file),
        };
    }

    // The folder's name is the file name that torch.save was given.
    private static string FindRoot(IEnumerable<string> names)
    {
        string[] pickles = [.. names.Where(name => name.EndsWith("/" + PickleName, StringComparison.Ordinal)
            && name.IndexOf('/', StringComparison.Ordinal) == name.Length - PickleName.Length - 1)];
        return pickles switch
        {
            [string only] => only[..^PickleName.Length],
            [] => throw new CheckpointException($"this zip archive is not one of torch.save: it has no {PickleName} in its folder"),
            _ => throw new CheckpointException($"this zip archive has {pickles.Length} entries named {PickleName}; torch.save writes one"),
        };
    }

    private static bool IsBigEndian(CheckpointFile file, Dictionary<string, ZipEntry> entries, string root)
    {
        if (!entries.TryGetValue(root + "byteorder", out ZipEntry? entry))
            return false;   // PyTorch before 2.1 does not write it, and every machine it was used on is little-endian.
        byte[] order = new byte[Math.Min(entry.Length, 16)];
        file.Read(entry.Offset, order);
        return Encoding.ASCII.GetString(order) switch
        {
            "little" => false,
            "big" => true,
            string other => throw new CheckpointException($"the entry byteorder says {Printable.Quote(other)}; 'little' or 'big' needed"),
        };
    }

    private sealed class Storages(CheckpointFile file, Dictionary<string, ZipEntry> entries, string root, bool bigEndian) : ITensorStorages
    {
        private readonly Dictionary<string, TensorStorage> _found = new(StringComparer.Ordinal);

        public TensorStorage? Find(string key, long count, int elementSize)
        {
            if (_found.TryGetValue(key, out TensorStorage? storage))
                return storage;
            if (!entries.TryGetValue($"{root}data/{key}", out ZipEntry? entry))
                return null;
            return _found[key] = new FileRegion(file, entry.Name, entry.Offset, entry.Length, bigEndian);
        }
    }
}
