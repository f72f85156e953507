namespace MyGpt.Runtime.Generation;

/// <summary>Goes through the text of a run with a single sample, piece by piece; disposes the run at the end.</summary>
public readonly ref struct TextEnumerator
{
    private readonly GenerationRun _run;

    internal TextEnumerator(GenerationRun run) => _run = run;

    /// <summary>The next piece: whole characters, at least one. Valid until the next call of <see cref="MoveNext"/>.</summary>
    public ReadOnlySpan<char> Current => _run.Samples[0].NewText;

    /// <summary>Generates tokens until there is text, or no more.</summary>
    public bool MoveNext()
    {
        while (_run.MoveNext())
        {
            if (!Current.IsEmpty)
                return true;
        }
        return false;
    }

    /// <summary>Disposes the run.</summary>
    public void Dispose() => _run.Dispose();
}
