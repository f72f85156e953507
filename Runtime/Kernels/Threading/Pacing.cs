using System.Diagnostics;

namespace MyGpt.Runtime.Kernels.Threading;

/// <summary>
/// Whether the team helps: when a worker keeps the caller waiting, another process has its core, and the caller alone may be
/// faster. Both are timed on the work itself, and the faster goes on.
/// </summary>
/// <remarks>
/// Times come in as ticks of <see cref="Stopwatch"/>. Pauses and trials are lengths of measured work, however long the caller rests in between,
/// and of whole decoding steps: a multiply-add of attention costs more than one of a linear layer. Who runs a row has no influence on it, so
/// nothing here can reach a result.
/// </remarks>
internal struct Pacing
{
    // A worker takes its last part about when the caller does: four parts later, and later than any part of a decoded token but
    // the head's, it is not running.
    private const int PatienceInParts = 4;
    private static readonly long Patience = Stopwatch.Frequency / 10_000;   // 100 us

    // Longer than the time slice of the usual schedulers, 3 to 6 ms: a trial sees the worker run and sees it wait.
    private static readonly long Trial = Stopwatch.Frequency / 125;   // 8 ms

    private static readonly long FirstPause = Stopwatch.Frequency / 125;

    // A machine that becomes idle is used again after this; on one that stays busy, trials take an eighth of the time.
    private static readonly long LongestPause = Stopwatch.Frequency / 16;   // 62.5 ms

    // How long the caller's own rate stays true.
    private static readonly long Memory = Stopwatch.Frequency;   // 1 s

    private enum Mode
    {
        Free,
        Alone,
        Trial,
    }

    private Mode _mode;
    private bool _counts;       // from the first step that begins in the mode
    private long _ticks, _work; // of the regions counted since
    private long _length;       // ticks after which the mode ends
    private long _lastEnd;
    private long _pause;
    private double _alone;      // ticks per unit of work
    private long _aloneAt;      // when that was measured

    /// <summary>Whether the next region goes to the team.</summary>
    public readonly bool UsesTeam => _mode != Mode.Alone;

    /// <summary>Notes that a step of decoding begins: the one before, if there was one, is whole.</summary>
    public void BeginStep()
    {
        if (_mode == Mode.Free)
            return;
        if (_counts && _ticks >= _length)
            EndMode((double)_ticks / Math.Max(_work, 1));
        _counts = true;
    }

    /// <summary>Notes a region that ended.</summary>
    /// <param name="start">When it began.</param>
    /// <param name="ownEnd">When the caller had no part left.</param>
    /// <param name="end">When all parts were done.</param>
    /// <param name="ownParts">Parts that the caller ran.</param>
    /// <param name="work">Its work, in any unit that stays the same.</param>
    public void Note(long start, long ownEnd, long end, int ownParts, long work)
    {
        if (_mode == Mode.Free)
        {
            long wait = end - ownEnd;
            if (wait >= Patience && wait >= PatienceInParts * (ownEnd - start) / Math.Max(ownParts, 1))
                Doubt(end);
            return;
        }
        if (!_counts)
            return;
        _ticks += end - start;
        _work += work;
        _lastEnd = end;
    }

    private void EndMode(double cost)
    {
        if (_mode == Mode.Alone)
        {
            _alone = cost;
            _aloneAt = _lastEnd;
            Begin(Mode.Trial, Trial);
        }
        else if (cost < _alone)
        {
            _pause = 0;
            Begin(Mode.Free, 0);
        }
        else
            BeginPause();
    }

    private void Doubt(long now)
    {
        if (_aloneAt != 0 && now - _aloneAt < Memory)
            Begin(Mode.Trial, Trial);
        else
            BeginPause();
    }

    private void BeginPause()
    {
        _pause = _pause == 0 ? FirstPause : Math.Min(_pause * 2, LongestPause);
        Begin(Mode.Alone, _pause);
    }

    private void Begin(Mode mode, long length)
    {
        _mode = mode;
        _length = length;
        _counts = false;
        _ticks = 0;
        _work = 0;
    }
}
