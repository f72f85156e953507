namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>What a part of a file is made of: which mutations make sense in it.</summary>
internal enum PartKind
{
    /// <summary>Bytes, with numbers among them.</summary>
    Binary,

    /// <summary>Characters, such as a name or a list of tokens.</summary>
    Text,

    /// <summary>JSON.</summary>
    Json,

    /// <summary>A Python pickle.</summary>
    Pickle,
}

/// <summary>A part of a file.</summary>
/// <param name="Kind">What it is made of.</param>
/// <param name="Bytes">Its content.</param>
/// <param name="Weight">How often it is mutated, against the other parts.</param>
internal sealed record FuzzPart(PartKind Kind, byte[] Bytes, int Weight = 1);

/// <summary>A valid file, taken apart so that a mutation of a part leaves the rest right: lengths, offsets and checksums are made again.</summary>
/// <param name="Name">Its name in the folder; messages must repeat it.</param>
/// <param name="Parts">Its parts.</param>
/// <param name="Join">Puts parts together.</param>
internal sealed record FuzzFile(string Name, IReadOnlyList<FuzzPart> Parts, Func<IReadOnlyList<byte[]>, byte[]> Join)
{
    /// <summary>A file of one part.</summary>
    public FuzzFile(string name, PartKind kind, byte[] bytes)
        : this(name, [new FuzzPart(kind, bytes)], static parts => parts[0])
    {
    }

    /// <summary>The valid file.</summary>
    public byte[] Bytes { get; } = Join([.. Parts.Select(part => part.Bytes)]);
}

/// <summary>A valid input of a reader: the file that is opened, and those beside it.</summary>
internal sealed record FuzzSeed(params FuzzFile[] Files);
