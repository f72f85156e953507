namespace MyGpt.Runtime.Model;

/// <summary>What a cache holds keys and values as. The type is part of the arithmetic: another one gives other logits.</summary>
public enum KvType
{
    /// <summary>IEEE 754 binary32: exactly what the model computed.</summary>
    F32,

    /// <summary>The nearest bfloat16 (8 bits of significand), ties to even: half the memory, and half the bytes that a token far into the context reads.</summary>
    Bf16,
}
