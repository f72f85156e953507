namespace MyGpt.Checkpoints.Families;

/// <summary>Collects the options that are asked for, so that the user hears of all of them at once and not one after the other.</summary>
internal sealed class OpenQuestions
{
    private readonly List<MissingOptionException> _open = [];

    /// <summary>Decides one thing.</summary>
    /// <param name="decide">May ask for an option.</param>
    /// <returns>The decision; nothing that may be used when an option was asked for.</returns>
    public T? Ask<T>(Func<T> decide)
    {
        try
        {
            return decide();
        }
        catch (MissingOptionException question)
        {
            _open.Add(question);
            return default;
        }
    }

    /// <summary>Ends the questions.</summary>
    /// <exception cref="MissingOptionException">There were some: the first in full, the others by name.</exception>
    public void RequireAnswers()
    {
        if (_open is not [{ } first, ..])
            return;
        string[] others = [.. first.Others, .. _open.Skip(1).SelectMany(static question => (string[])[question.Option, .. question.Others])];
        string question = first.Question ?? first.Message;
        string more = others.Length == 0 ? "" : $"; {string.Join(", ", others)} {(others.Length == 1 ? "is" : "are")} needed too";
        throw new MissingOptionException(first.Option, question + more) { Others = others, Question = question };
    }
}
