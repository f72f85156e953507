namespace MyGpt.Runtime.Model;

/// <summary>An operation of the forward pass whose output can be observed, in the order of computation.</summary>
public enum ForwardOperation
{
    /// <summary>Token embedding, and the position's where positions are learned, (T, C).</summary>
    Embedding,

    /// <summary>The norm after the embedding, (T, C).</summary>
    EmbeddingNorm,

    /// <summary>A block's norm before attention, (T, C).</summary>
    AttentionNorm,

    /// <summary>Queries, keys and values of all heads as the projection gives them, before any rotation, (T, (NH + 2 NKV) * HS).</summary>
    Qkv,

    /// <summary>The weighted values of all heads, before the projection, (T, NH * HS).</summary>
    Attention,

    /// <summary>The residual stream after attention, (T, C).</summary>
    AttentionResidual,

    /// <summary>A block's norm before the MLP, (T, C).</summary>
    MlpNorm,

    /// <summary>The MLP's hidden values after the activation, and times the gate's factor where there is a gate, (T, F).</summary>
    MlpHidden,

    /// <summary>The residual stream after the block, (T, C).</summary>
    MlpResidual,

    /// <summary>The norm before the head, of the tokens for which logits are wanted, (R, C).</summary>
    FinalNorm,

    /// <summary>Logits of the tokens for which they are wanted, (R, V).</summary>
    Logits,
}
