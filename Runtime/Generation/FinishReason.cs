namespace MyGpt.Runtime.Generation;

/// <summary>Why a sample ended.</summary>
public enum FinishReason
{
    /// <summary>It has <see cref="GenerationOptions.MaxNewTokens"/> tokens; <c>max_tokens</c> in JSON.</summary>
    MaxTokens,

    /// <summary>A stop string was completed; <c>stop_string</c> in JSON.</summary>
    StopString,

    /// <summary>The model chose an end token; <c>end_token</c> in JSON.</summary>
    EndToken,

    /// <summary>The context is full and <see cref="Overflow.Stop"/> is set; <c>context_full</c> in JSON.</summary>
    ContextFull,

    /// <summary>The caller cancelled; <c>cancelled</c> in JSON.</summary>
    Cancelled,
}

/// <summary>Names of <see cref="FinishReason"/> for other programs.</summary>
public static class FinishReasonExtensions
{
    /// <summary>The name of a reason in JSON, part of the command line's contract.</summary>
    /// <param name="reason">One of the enum's members.</param>
    public static string ToJsonName(this FinishReason reason) => reason switch
    {
        FinishReason.MaxTokens => "max_tokens",
        FinishReason.StopString => "stop_string",
        FinishReason.EndToken => "end_token",
        FinishReason.ContextFull => "context_full",
        FinishReason.Cancelled => "cancelled",
    };
}
