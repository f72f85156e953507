using System.Buffers.Binary;
using MyGpt.Checkpoints.Containers.Json;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers;

/// <summary>
/// Hugging Face's safetensors: the length of a header in 8 bytes, the header (JSON: name to type, shape and place), the numbers.
/// The root is a bare state dict.
/// </summary>
/// <remarks>
/// github.com/huggingface/safetensors, README.md, section Format, and safetensors/src/tensor.rs. As there, the tensors must cover the
/// data exactly, without overlap and without holes, so that a file can hide nothing.
/// </remarks>
internal sealed class Safetensors : IContainerFormat
{
    private const int LengthSize = sizeof(ulong);

    private const long MaxHeaderLength = 100_000_000;   // MAX_HEADER_SIZE in tensor.rs

    private const string Metadata = "__metadata__", Header = "the header";

    public string Name => "safetensors";

    public bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head) =>
        file.Name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase)
        || (head is [_, _, _, _, _, _, _, _, (byte)'{', ..]
            && BinaryPrimitives.ReadUInt64LittleEndian(head) <= (ulong)(file.Length - LengthSize));

    public Checkpoint Open(CheckpointFile file)
    {
        byte[] header = ReadHeader(file);
        if (JsonValues.Read(header, Header, LengthSize) is not DictValue entries)
            throw new CheckpointException($"{Header} is no JSON object; names and tensors were needed");
        var layout = new SafetensorsLayout(file, LengthSize + header.Length);
        foreach ((Value key, Value value) in entries.Items)
        {
            string name = ((TextValue)key).Value;
            if (name == Metadata)
                CheckMetadata(value);
            else
                layout.Add(name, value);
        }
        return new Checkpoint
        {
            Container = Name,
            Root = layout.ToStateDict(),
            FileBytes = file.Length,
            Folder = new CheckpointFolder(file),
        };
    }

    private static byte[] ReadHeader(CheckpointFile file)
    {
        if (file.Length <= LengthSize)
        {
            throw new CheckpointException($"the file has {Printable.Count(file.Length, "byte")}; a safetensors file has {LengthSize} "
                + "with the length of its header, and the header");
        }
        Span<byte> start = stackalloc byte[LengthSize + 1];
        file.Read(0, start);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > MaxHeaderLength)
            throw new CheckpointException($"{Header} is said to have {length} bytes; at most {MaxHeaderLength} are read");
        if (length > (ulong)(file.Length - LengthSize))
        {
            throw new CheckpointException($"{Header} is said to have {length} bytes, but the file has {file.Length}: "
                + "it is cut short or damaged; copy or download it again");
        }
        if (length == 0 || start[LengthSize] != '{')
            throw new CheckpointException($"{Header} of {length} bytes does not begin with '{{' at byte {LengthSize}, as a JSON object does");
        byte[] header = new byte[length];
        file.Read(LengthSize, header);
        return header;
    }

    // Notes of whoever wrote the file, such as {"format": "pt"}. Nothing here depends on them.
    private static void CheckMetadata(Value value)
    {
        if (value is not DictValue notes || notes.Items.Any(static note => note.Value is not TextValue))
            throw new CheckpointException($"{Header}: {Metadata} must be an object of strings");
    }
}
