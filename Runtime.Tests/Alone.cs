namespace MyGpt.Runtime.Tests;

/// <summary>Tests that run when all others have ended, one by one: what they measure is the whole process.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
