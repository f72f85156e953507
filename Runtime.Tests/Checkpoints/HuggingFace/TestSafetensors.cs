using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

/// <summary>Writes safetensors files, valid ones and ones whose header says anything.</summary>
internal static class TestSafetensors
{
    /// <summary>A valid file of tensors in this order.</summary>
    public static byte[] Of(params (string Name, string Type, long[] Shape, byte[] Data)[] tensors)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        long offset = 0;
        foreach ((string name, string type, long[] shape, byte[] data) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(size => JsonValue.Create(size))]),
                ["data_offsets"] = new JsonArray(offset, offset += data.Length),
            };
        }
        return Raw(header.ToJsonString(), [.. tensors.SelectMany(tensor => tensor.Data)]);
    }

    /// <summary>A file with this header, padded with blanks to a multiple of 8 as the library does.</summary>
    public static byte[] Raw(string header, byte[] data) =>
        Raw([.. Encoding.UTF8.GetBytes(header), .. Enumerable.Repeat((byte)' ', (8 - (header.Length % 8)) % 8)], data);

    /// <summary>A file with this header as it is.</summary>
    public static byte[] Raw(byte[] header, byte[] data) => [.. Length((ulong)header.Length), .. header, .. data];

    /// <summary>The first 8 bytes.</summary>
    public static byte[] Length(ulong length)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, length);
        return bytes;
    }
}
