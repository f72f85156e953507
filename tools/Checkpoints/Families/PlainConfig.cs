namespace MyGpt.Checkpoints.Families;

/// <summary>Holds the sizes of a hand-written config against the tensors.</summary>
internal static class PlainConfig
{
    /// <summary>Fails when a size contradicts.</summary>
    /// <param name="config">The config.</param>
    /// <param name="gpt">What the tensors say.</param>
    /// <exception cref="CheckpointException">One does; the message names the field.</exception>
    public static void Check(ConfigReader config, AssembledGpt gpt)
    {
        config.Expect(gpt.LayerCount, "the number of layers", PlainNames.LayerFields);
        config.Expect(gpt.EmbeddingDim, "the token embedding", PlainNames.WidthFields);
        config.Expect(gpt.VocabSize, "the token embedding", "vocab_size", "n_vocab");
        config.Expect(gpt.MlpDim, "the MLP's first matrix", PlainNames.HiddenFields);
        // Some call F so, and some C.
        if (config.Size("hidden_dim") is { } hidden && hidden != gpt.EmbeddingDim)
            config.Expect(gpt.MlpDim, "the MLP's first matrix", "hidden_dim");
    }
}
