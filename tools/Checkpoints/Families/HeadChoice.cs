namespace MyGpt.Checkpoints.Families;

/// <summary>Decides the number of attention heads, which no tensor shows.</summary>
internal static class HeadChoice
{
    /// <summary>Takes the config's number, and holds it against <c>--heads</c>.</summary>
    /// <param name="options">What the user says.</param>
    /// <param name="stated">What the config says.</param>
    /// <param name="field">The config's name for it.</param>
    /// <param name="width">C.</param>
    /// <exception cref="CheckpointException">The number does not divide the width.</exception>
    /// <exception cref="OptionException">The user says something else.</exception>
    public static int FromConfig(GivenOptions options, int stated, string field, int width)
    {
        if (width % stated != 0)
            throw new CheckpointException($"the config says {field} = {stated}, which does not divide the width {width}");
        if (options.Heads is { } heads && heads != stated)
        {
            throw new OptionException("--heads",
                $"--heads {heads} contradicts the checkpoint, whose config says {field} = {stated}; leave the option out");
        }
        return stated;
    }

    /// <summary>Takes the user's number, which nothing else can replace.</summary>
    /// <param name="options">What the user says.</param>
    /// <param name="width">C.</param>
    /// <param name="report">Gets the decision.</param>
    /// <exception cref="OptionException">The user says nothing, or a number that does not divide the width.</exception>
    public static int FromOption(GivenOptions options, int width, Report report)
    {
        if (options.Heads is not { } heads)
        {
            throw new MissingOptionException("--heads",
                "the checkpoint is a bare state dict, which does not say how many attention heads the model has; "
                + $"add --heads N with the number that it was trained with (a divisor of its width {width})");
        }
        if (heads < 1 || width % heads != 0)
        {
            throw new OptionException("--heads",
                $"--heads {heads} does not divide the model's width {width}; give the number that it was trained with");
        }
        report.Found($"{Printable.Count(heads, "head")}, as --heads says");
        return heads;
    }
}
