using System.Globalization;

namespace MyGpt.Checkpoints.Families;

/// <summary>What a config calls the numbers of heads; each a list of alternatives.</summary>
internal sealed record HeadFields
{
    /// <summary>NH.</summary>
    public required string[] Count { get; init; }

    /// <summary>NKV.</summary>
    public string[] KvCount { get; init; } = [];

    /// <summary>HS.</summary>
    public string[] Dim { get; init; } = [];
}

/// <summary>
/// Decides how attention's width is cut into heads, which matrices show only when each head has its own. What one source says is held
/// against all others.
/// </summary>
/// <param name="options">What the user says.</param>
/// <param name="gpt">What the tensors say.</param>
/// <param name="report">Gets the decision.</param>
internal sealed class HeadChoice(GivenOptions options, AssembledGpt gpt, Report report)
{
    /// <summary>Decides.</summary>
    /// <param name="config">The checkpoint's config; null when it has none.</param>
    /// <param name="fields">What the config calls the numbers.</param>
    /// <param name="published">The family's number for a model of this size, with the reason; null when it has none.</param>
    /// <exception cref="CheckpointException">The checkpoint contradicts itself.</exception>
    /// <exception cref="OptionException">The user contradicts the checkpoint, or nobody says the number.</exception>
    public HeadSplit Choose(ConfigReader? config, HeadFields fields, (int Heads, string Reason)? published = null)
    {
        (int count, string source) = Stated(config, fields) ?? FromOptions() ?? Published(published) ?? throw new MissingOptionException("--heads",
            "the checkpoint does not say how many attention heads the model has; "
            + $"add --heads N with the number that it was trained with (a divisor of its attention's width {gpt.AttentionDim})");
        Check(options.Heads, "--heads", count, source);
        if (gpt.AttentionDim % count != 0)
            throw new CheckpointException($"{source} = {count}, which does not divide the width {gpt.AttentionDim}");

        int dim = gpt.AttentionDim / count, kvCount = gpt.KvDim / dim;
        if (gpt.KvDim % dim != 0 || kvCount == 0 || count % kvCount != 0)
        {
            throw new CheckpointException($"keys and values are {gpt.KvDim} wide, the queries of {count} heads ({source}) {gpt.AttentionDim}; "
                + $"keys and values of 1 to {count} heads of {dim}, a divisor of {count}, needed");
        }
        if (gpt.Buffers.Rotary is { } table && table.HeadDim != dim)
        {
            throw new CheckpointException($"the table of angles {Printable.Quote(table.Name)} is for heads of {table.HeadDim}, "
                + $"but {source} = {count} makes heads of {dim}");
        }
        Check(options.KvHeads, "--kv-heads", kvCount, "the tensors say key/value heads");
        config?.Expect(kvCount, "the key matrix", fields.KvCount);
        config?.Expect(dim, "the query matrix", fields.Dim);
        if (kvCount != count)
            report.Found($"{Printable.Count(kvCount, "key/value head")} for {count} heads: keys and values are {gpt.KvDim} wide, queries {gpt.AttentionDim}");
        return new HeadSplit(count, kvCount, dim);
    }

    private (int Count, string Source)? Stated(ConfigReader? config, HeadFields fields)
    {
        if (gpt.HeadCount is { } listed)
        {
            report.Found($"{Printable.Count(listed, "head")}: the state dict has matrices for each");
            config?.Expect(listed, "the list of heads", fields.Count);
            return (listed, "the state dict's list of heads has");
        }
        if (config?.Size(fields.Count) is { } stated)
        {
            report.Found($"{Printable.Count(stated, "head")}: the config says {config.Name(fields.Count)}");
            return (stated, $"the config says {config.Name(fields.Count)}");
        }
        if (fields.Dim.Length > 0 && config?.Size(fields.Dim) is { } dim && gpt.AttentionDim % dim == 0)
        {
            report.Found($"{Printable.Count(gpt.AttentionDim / dim, "head")} of {dim}: the config says {config.Name(fields.Dim)}");
            return (gpt.AttentionDim / dim, $"the config says {config.Name(fields.Dim)} = {dim}, so heads");
        }
        if (gpt.Buffers.Rotary is { } table && gpt.AttentionDim % table.HeadDim == 0)
        {
            int heads = gpt.AttentionDim / table.HeadDim;
            report.Found($"{Printable.Count(heads, "head")}: the table of angles {Printable.Quote(table.Name)} is for heads of {table.HeadDim}");
            return (heads, "the table of angles says heads");
        }
        return null;
    }

    private (int Count, string Source)? FromOptions()
    {
        if (options.Heads is { } heads)
        {
            string wrong = heads < 1 || gpt.AttentionDim % heads != 0 ? $"does not divide the model's width {gpt.AttentionDim}"
                : gpt.KvDim % (gpt.AttentionDim / heads) != 0 ? $"makes heads of {gpt.AttentionDim / heads}, and keys {gpt.KvDim} wide are no multiple of that"
                : "";
            if (wrong.Length > 0)
                throw new OptionException("--heads", $"--heads {heads} {wrong}; give the number that it was trained with");
            report.Found($"{Printable.Count(heads, "head")}, as --heads says");
            return (heads, "--heads");
        }
        if (gpt.KvDim == gpt.AttentionDim || options.KvHeads is not { } kvHeads || gpt.KvDim % kvHeads != 0)
            return null;
        int dim = gpt.KvDim / kvHeads;
        if (gpt.AttentionDim % dim != 0)
            return null;
        report.Found($"{Printable.Count(gpt.AttentionDim / dim, "head")} of {dim}: --kv-heads says {kvHeads} for keys {gpt.KvDim} wide");
        return (gpt.AttentionDim / dim, "--kv-heads");
    }

    private (int Count, string Source)? Published((int Heads, string Reason)? published)
    {
        if (published is not { } known)
            return null;
        report.Assumed($"{Printable.Count(known.Heads, "head")}: {known.Reason}");
        return (known.Heads, "heads");
    }

    private static void Check(int? given, string option, int found, string source)
    {
        if (given is { } number && number != found)
        {
            throw new OptionException(option, string.Create(CultureInfo.InvariantCulture,
                $"{option} {number} contradicts the checkpoint, where {source} = {found}; leave the option out"));
        }
    }
}
