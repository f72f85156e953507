using System.Globalization;
using System.Text;
using MyGpt.Runtime.Generation;

namespace MyGpt.CommandLine.Verbs;

/// <summary>
/// Writes samples one after the other although they grow together: the first one that goes on is streamed, those behind it wait
/// in memory. Each begins a new line.
/// </summary>
/// <param name="output">Standard output; flushed after every step, so that text appears as it is written.</param>
/// <param name="prompt">What stands before each continuation; empty for nothing.</param>
/// <param name="separator">What stands between two samples, behind the end of the first one's last line.</param>
/// <param name="count">Number of samples.</param>
/// <param name="asIds">Token ids instead of text, for a model without a vocabulary.</param>
internal sealed class SampleWriter(TextWriter output, string prompt, string separator, int count, bool asIds)
{
    private readonly StringBuilder[] _waiting = [.. Enumerable.Range(0, count).Select(_ => new StringBuilder())];
    private readonly int[] _idsTaken = new int[count];
    private int _current;

    /// <summary>Writes the first sample's prompt.</summary>
    public void Begin()
    {
        output.Write(prompt);
        output.Flush();
    }

    /// <summary>Takes what a step added.</summary>
    public void Take(IReadOnlyList<GeneratedSample> samples)
    {
        for (int i = _current; i < count; i++)
        {
            ReadOnlySpan<char> added = asIds ? NewIds(samples[i], i) : samples[i].NewText;
            if (i == _current)
                output.Write(added);
            else
                _waiting[i].Append(added);
        }
        EndFinished(samples);
        output.Flush();
    }

    /// <summary>Ends the lines of samples that have ended, and goes on to the next.</summary>
    public void EndFinished(IReadOnlyList<GeneratedSample> samples)
    {
        while (_current < count && samples[_current].FinishReason is not null)
        {
            output.Write("\n");
            if (++_current == count)
                break;
            output.Write(separator);
            output.Write(prompt);
            output.Write(_waiting[_current].ToString());
            _waiting[_current].Clear();
        }
        output.Flush();
    }

    private string NewIds(GeneratedSample sample, int index)
    {
        var text = new StringBuilder();
        ReadOnlySpan<int> ids = sample.FinishReason == FinishReason.EndToken ? sample.Ids[..^1] : sample.Ids;   // as in text
        foreach (int id in ids[_idsTaken[index]..])
        {
            if (_idsTaken[index]++ > 0 || prompt.Length > 0)
                text.Append(' ');
            text.Append(CultureInfo.InvariantCulture, $"{id}");
        }
        return text.ToString();
    }
}
