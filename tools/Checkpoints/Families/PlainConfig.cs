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
        CheckBiases(config, gpt);
        CheckPositions(config, gpt);
        if (config.Flag(PlainNames.TiedFields) is { } tied && (tied ? !gpt.TiedHead : !gpt.HasHead))
            throw Contradicts(config, PlainNames.TiedFields, tied, gpt.HasHead ? "has a head of its own" : "has no head");
    }

    private static void CheckBiases(ConfigReader config, AssembledGpt gpt)
    {
        bool any = gpt.QkvBias || gpt.ProjectionBias || gpt.MlpUpBias || gpt.MlpDownBias;
        if (config.Flag(PlainNames.BiasFields) is { } bias && bias != any)
            throw Contradicts(config, PlainNames.BiasFields, bias, any ? "has biases in its blocks" : "has none in its blocks");
        if (config.Flag(PlainNames.QkvBiasFields) is { } qkvBias && qkvBias != gpt.QkvBias)
            throw Contradicts(config, PlainNames.QkvBiasFields, qkvBias, $"has {(gpt.QkvBias ? "" : "no ")}biases for query, key and value");
    }

    private static void CheckPositions(ConfigReader config, AssembledGpt gpt)
    {
        if (config.Text(PlainNames.PositionFields) is not { } stated)
            return;
        bool? learned = stated.ToLowerInvariant() switch
        {
            "learned" or "learnable" or "absolute" or "embedding" or "wpe" => true,
            "rope" or "rotary" or "rotary_pairs" or "rotary_halves" => false,
            _ => null,
        };
        string says = $"{config.What} says {config.Name(PlainNames.PositionFields)} = {Printable.Quote(stated)}";
        if (learned is null)
            throw new CheckpointException($"{says}, which is not converted; learned and rotary positions are");
        if (learned != (gpt.PositionCount is not null))
            throw new CheckpointException($"{says}, but the state dict has {(gpt.PositionCount is null ? "no" : "a")} position embedding");
    }

    private static CheckpointException Contradicts(ConfigReader config, string[] names, bool stated, string found) =>
        new($"{config.What} says {config.Name(names)} = {stated}, but the state dict {found}");
}
