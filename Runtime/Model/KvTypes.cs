namespace MyGpt.Runtime.Model;

/// <summary>Names and sizes of the types of keys and values.</summary>
internal static class KvTypes
{
    /// <summary>What people call a type, such as <c>bf16</c>.</summary>
    public static string Code(this KvType type) => type switch
    {
        KvType.F32 => "f32",
        KvType.Bf16 => "bf16",
    };

    /// <summary>Bytes of one element of a key or a value.</summary>
    public static int ElementBytes(this KvType type) => type switch
    {
        KvType.F32 => sizeof(float),
        KvType.Bf16 => sizeof(ushort),
    };
}
