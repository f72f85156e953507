namespace MyGpt.Checkpoints.Families;

/// <summary>The sizes in which models were published: what a width says about the number of heads, where nothing else does.</summary>
internal static class PublishedSizes
{
    /// <summary>The heads of GPT-2's small, medium, large and XL model; null for any other width.</summary>
    /// <remarks>Radford et al. 2019, table 2; the heads are in the published hparams.json.</remarks>
    public static int? Gpt2Heads(int width) => width switch
    {
        768 => 12,
        1024 => 16,
        1280 => 20,
        1600 => 25,
        _ => null,
    };
}
