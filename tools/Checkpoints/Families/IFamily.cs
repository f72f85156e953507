using MyGpt.Checkpoints.Containers;

namespace MyGpt.Checkpoints.Families;

/// <summary>How sure a family is that a checkpoint is one of its own.</summary>
/// <param name="Score">Weight of the evidence; the family with the most reads the checkpoint.</param>
/// <param name="Evidence">What they are, for the report.</param>
internal sealed record Recognition(int Score, string Evidence)
{
    /// <summary>Counts the evidence. A tensor's name weighs more than a config's field: many codes call their fields the same.</summary>
    /// <param name="names">How many names of tensors are this family's.</param>
    /// <param name="fields">How many fields of the config are.</param>
    /// <param name="evidence">What they are, for the report.</param>
    public static Recognition Of(int names, int fields, string evidence) => new((2 * names) + fields, evidence);
}

/// <summary>One training code: which names its checkpoints use and how their config reads. It knows no bytes.</summary>
internal interface IFamily
{
    /// <summary>What people call it, such as <c>nanoGPT</c>.</summary>
    string Name { get; }

    /// <summary>Looks for evidence.</summary>
    /// <returns>Null when the checkpoint is none of this family's.</returns>
    Recognition? Recognise(Checkpoint checkpoint);

    /// <summary>Reads a checkpoint that the family has recognised.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="options">What the caller has decided.</param>
    /// <param name="report">Gets a line for everything found, assumed or left out.</param>
    /// <exception cref="CheckpointException">
    /// A tensor is missing, has the wrong shape or no place, or the config is of a variant that is not converted.
    /// </exception>
    /// <exception cref="OptionException">An option is needed, or does not fit.</exception>
    FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report);
}
