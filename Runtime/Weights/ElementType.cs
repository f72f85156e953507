namespace MyGpt.Runtime.Weights;

/// <summary>What the elements of a section are.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32, little-endian; <c>f32</c> in the header.</summary>
    F32,

    /// <summary>The upper 16 bits of a binary32, little-endian; <c>bf16</c> in the header.</summary>
    Bf16,

    /// <summary>Blocks of 32 signed bytes that share a scale, weight = scale * byte; <c>q8</c> in the header.</summary>
    Q8,

    /// <summary>Blocks of 32 indices of 4 bits that share a scale, weight = scale * level of the index; <c>q4</c> in the header.</summary>
    Q4,

    /// <summary>Unsigned 32-bit integers, little-endian; <c>u32</c> in the header. Tokenizer tables.</summary>
    U32,

    /// <summary>Bytes; <c>u8</c> in the header. Tokenizer tables.</summary>
    U8,
}

/// <summary>In which order the elements of a section are stored.</summary>
public enum SectionLayout
{
    /// <summary>Row after row, no padding between rows; <c>rows</c> in the header.</summary>
    Rows,
}
