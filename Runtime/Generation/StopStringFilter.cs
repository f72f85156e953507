namespace MyGpt.Runtime.Generation;

/// <summary>
/// Lets text through up to a stop string. Text that could be the beginning of one is held back until that is decided.
/// </summary>
/// <remarks>
/// Text comes in rounds, one a step. What a round lets through stays readable in <see cref="Released"/> until the next. The
/// outcome depends on the characters only, not on how they are cut into rounds. Allocates only when a round is longer than any before.
/// </remarks>
internal sealed class StopStringFilter
{
    private readonly StopString[] _stops;
    private char[] _buffer = new char[256];   // what this round has released, then what is held back
    private int _released;
    private int _length;

    /// <param name="stopStrings">Texts that end the text, none of them empty.</param>
    public StopStringFilter(IReadOnlyList<string> stopStrings) => _stops = [.. stopStrings.Select(text => new StopString(text))];

    /// <summary>Whether a stop string was completed; nothing is let through any more.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>What this round has let through so far.</summary>
    public ReadOnlySpan<char> Released => _buffer.AsSpan(0, _released);

    /// <summary>Begins a round; only what is held back is kept.</summary>
    public void BeginRound()
    {
        _buffer.AsSpan(_released, _length - _released).CopyTo(_buffer);
        _length -= _released;
        _released = 0;
    }

    /// <summary>Takes the next part of the text.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        if (_buffer.Length < _length + text.Length)
            Array.Resize(ref _buffer, Math.Max(_length + text.Length, 2 * _buffer.Length));
        for (int i = 0; i < text.Length && !IsStopped; i++)
        {
            _buffer[_length++] = text[i];
            _released = _length - Advance(text[i]);
        }
        if (IsStopped)
            _length = _released;
    }

    /// <summary>Ends the text: what is held back was no stop string after all.</summary>
    public void ReleaseHeld() => _released = _length;

    // Returns how many characters at the end may be, or are, part of a stop string.
    private int Advance(char c)
    {
        int held = 0, complete = 0;
        foreach (StopString stop in _stops)
        {
            stop.Append(c);
            held = Math.Max(held, stop.Matched);
            if (stop.IsComplete)
                complete = Math.Max(complete, stop.Matched);
        }
        IsStopped = complete > 0;
        return IsStopped ? complete : held;
    }
}
