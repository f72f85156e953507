namespace MyGpt.Runtime.Model;

/// <summary>The tokens of one call of <see cref="Gpt.Forward"/>, of one sequence or of several: a prompt, or the last token and perhaps some that are guessed to follow.</summary>
public sealed class TokenBatch
{
    private readonly List<int> _tokens = [];
    private readonly List<Part> _parts = [];

    /// <summary>
    /// Whether any sequence adds several tokens of a prompt. If none does, the call is a step of decoding: each sequence adds its last token, and
    /// perhaps a few that are guessed to follow.
    /// </summary>
    internal bool IsPrompt { get; private set; }

    /// <summary>Rows of logits that the call returns.</summary>
    public int LogitRowCount { get; private set; }

    /// <summary>T: tokens in the call.</summary>
    public int TokenCount => _tokens.Count;

    internal List<int> Tokens => _tokens;

    internal List<Part> Parts => _parts;

    /// <summary>Empties the batch; its memory is kept for the next call.</summary>
    public void Clear()
    {
        _tokens.Clear();
        _parts.Clear();
        LogitRowCount = 0;
        IsPrompt = false;
    }

    /// <summary>Adds the next tokens of a sequence.</summary>
    /// <param name="cache">The sequence's past; the call appends to it. A cache may occur once in a batch.</param>
    /// <param name="tokens">One id or more, each below the vocabulary's size.</param>
    /// <param name="logits">For which of them logits are wanted.</param>
    /// <exception cref="ArgumentException">There are no tokens, or the cache is already in the batch.</exception>
    public void Add(KvCache cache, ReadOnlySpan<int> tokens, LogitRows logits = LogitRows.Last)
    {
        AddPart(cache, tokens, logits);
        IsPrompt |= tokens.Length > 1;
    }

    /// <summary>Adds the last token of a sequence, and those that are guessed to follow it; logits of all of them are wanted.</summary>
    /// <param name="cache">The sequence's past; the call appends to it. A cache may occur once in a batch.</param>
    /// <param name="tokens">One id or more, each below the vocabulary's size.</param>
    /// <exception cref="ArgumentException">There are no tokens, or the cache is already in the batch.</exception>
    internal void AddStep(KvCache cache, ReadOnlySpan<int> tokens) => AddPart(cache, tokens, LogitRows.All);

    /// <summary>Makes room for so many tokens in all.</summary>
    internal void Reserve(int tokens) => _tokens.EnsureCapacity(tokens);

    private void AddPart(KvCache cache, ReadOnlySpan<int> tokens, LogitRows logits)
    {
        ArgumentNullException.ThrowIfNull(cache);
        if (tokens.IsEmpty)
            throw new ArgumentException("At least one token is needed.", nameof(tokens));
        foreach (Part part in _parts)
        {
            if (part.Cache == cache)
                throw new ArgumentException("The cache is already in the batch.", nameof(cache));
        }
        _parts.Add(new Part(cache, _tokens.Count, tokens.Length, logits));
        _tokens.AddRange(tokens);
        LogitRowCount += logits switch
        {
            LogitRows.None => 0,
            LogitRows.Last => 1,
            LogitRows.All => tokens.Length,
        };
    }

    /// <summary>One sequence's share of the batch: tokens [First, First + Count).</summary>
    internal readonly record struct Part(KvCache Cache, int First, int Count, LogitRows Logits);
}
