namespace MyGpt.Runtime.Tokenization;

/// <summary>What to do with a part of a text that the vocabulary has no token for.</summary>
public enum UnknownText
{
    /// <summary>It is an error: <see cref="UnknownTextException"/>.</summary>
    Error,

    /// <summary>It is left out. What stands before and after it does not merge across the gap.</summary>
    Skip,

    /// <summary>
    /// One token takes its place: the first that the vocabulary has of <c>&lt;unk&gt;</c>, <c>[UNK]</c>, <c>&lt;UNK&gt;</c>, U+FFFD,
    /// a question mark and a space. A vocabulary with none of them: <see cref="UnknownTextException"/>.
    /// </summary>
    Replace,
}
