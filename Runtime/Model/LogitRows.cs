namespace MyGpt.Runtime.Model;

/// <summary>For which tokens of a sequence a call computes logits.</summary>
public enum LogitRows
{
    /// <summary>For none: the tokens only enter the cache.</summary>
    None,

    /// <summary>For the last one.</summary>
    Last,

    /// <summary>For each one.</summary>
    All,
}
