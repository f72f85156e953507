namespace MyGpt.Checkpoints.Families;

/// <summary>What OpenAI's GPT-2 calls its parts in PyTorch, and with it every code that loads or trains one.</summary>
/// <remarks>github.com/huggingface/transformers, models/gpt2/modeling_gpt2.py, from which nanoGPT, minGPT and llm.c have them.</remarks>
internal static class Gpt2Names
{
    /// <summary>All of them; matrices (out, in), the head tied where the state dict has none.</summary>
    public static readonly GptNames All = new()
    {
        Prefix = "transformer.",
        TokenEmbedding = ["wte"],
        PositionEmbedding = ["wpe"],
        Blocks = ["h."],
        AttentionNorm = ["ln_1"],
        FusedQkv = ["attn.c_attn"],
        Projection = ["attn.c_proj"],
        MlpNorm = ["ln_2"],
        MlpUp = ["mlp.c_fc"],
        MlpDown = ["mlp.c_proj"],
        FinalNorm = ["ln_f"],
        Head = ["lm_head"],
    };
}
