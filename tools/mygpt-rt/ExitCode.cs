namespace MyGpt.CommandLine;

/// <summary>What the process returns.</summary>
internal enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Our fault: something happened that no input should make happen.</summary>
    Internal = 1,

    /// <summary>A bad option or value, a needed option missing, a prompt that the vocabulary cannot encode.</summary>
    Usage = 2,

    /// <summary>The file was read but is damaged, hostile or unknown.</summary>
    BadFile = 3,

    /// <summary>The file cannot be opened, read or written.</summary>
    CannotAccess = 4,

    /// <summary>A check that the user asked for did not hold.</summary>
    CheckFailed = 5,

    /// <summary>Ctrl-C.</summary>
    Interrupted = 130,
}
