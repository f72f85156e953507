using System.Diagnostics;
using System.Text;
using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Generation;

/// <summary>
/// A prompt being continued: each step adds a token to every sample that goes on, all of them in one batch, or several where it was told to
/// speculate (<see cref="GenerationOptions.Speculate"/>).
/// </summary>
/// <remarks>
/// <para>Nothing is computed before the first step. The steady state allocates nothing on the managed heap. The same model,
/// prompt, options and seed give the same ids for any number of threads and of samples.</para>
/// <para>Dispose a run that is not led to its end: it holds threads and caches that the next run would use. For one thread at a
/// time.</para>
/// </remarks>
public sealed class GenerationRun : IDisposable
{
    private readonly TextGenerator _generator;
    private readonly RunSetup _setup;
    private readonly GeneratedSample[] _samples;
    private readonly SampleSteps _steps;
    private readonly CancellationToken _cancellation;
    private GenerationSession? _session;
    private bool _disposed;
    private int _live;   // how many samples go on

    internal GenerationRun(TextGenerator generator, RunSetup setup, CancellationToken cancellation)
    {
        _generator = generator;
        _setup = setup;
        _cancellation = cancellation;
        GuessAccount? guesses = setup.MostProposals > 0 ? new GuessAccount(setup.MostProposals, setup.StepCost) : null;
        _samples = [.. Enumerable.Range(0, setup.Options.SampleCount).Select(i => new GeneratedSample(setup, i, guesses))];
        _steps = new SampleSteps(setup, _samples, guesses, Statistics);
        if (setup.Options.MaxNewTokens == 0)
            FinishAll(FinishReason.MaxTokens);
        EndStep();
    }

    /// <summary>The seed of the run: the one of the options, or the one that was chosen.</summary>
    public ulong Seed => _setup.Seed;

    /// <summary>All that the model sees first: the prompt in tokens, behind the start token where the text has one.</summary>
    public ReadOnlySpan<int> PromptIds => _setup.Prompt;

    /// <summary>The continuations, as many as the options say.</summary>
    public IReadOnlyList<GeneratedSample> Samples => _samples;

    /// <summary>Counts and times so far.</summary>
    public GenerationStatistics Statistics { get; } = new();

    /// <summary>
    /// Most tokens that are guessed to follow a sample at a time, see <see cref="GenerationOptions.Speculate"/>: fewer than wanted where many samples share
    /// the memory for it, 0 without a cache or where a model is too small to gain.
    /// </summary>
    public int MostProposals => _setup.MostProposals;

    /// <summary>
    /// Becomes true before the first step that sees only the last T_max tokens: from there on, a token costs as much as a prompt
    /// of T_max tokens.
    /// </summary>
    public bool IsPastWindow { get; private set; }

    /// <summary>
    /// Adds one token to every sample that goes on; the first call also computes the prompt. With <see cref="GenerationOptions.Speculate"/> it may
    /// add several, each sample its own number; a sample at the end of the window then waits there until all that go on have come as far.
    /// </summary>
    /// <returns>False when all samples had ended before.</returns>
    /// <exception cref="ObjectDisposedException">The run or its generator was disposed before the samples had ended.</exception>
    /// <exception cref="NoTokenException">A model with NaN weights gave no logits to choose from.</exception>
    public bool MoveNext()
    {
        foreach (GeneratedSample sample in _samples)
            sample.BeginStep();
        if (_live == 0)
            return false;
        ObjectDisposedException.ThrowIf(_disposed, this);
        _generator.ThrowIfDisposed();
        try
        {
            if (_cancellation.IsCancellationRequested || !Step())
                FinishAll(FinishReason.Cancelled);
        }
        catch
        {
            Dispose();   // half a step was taken: some samples are ahead of others, and the run cannot go on
            throw;
        }
        EndStep();
        return true;
    }

    /// <summary>Leads the run to its end.</summary>
    /// <returns>The text of each sample from here on.</returns>
    /// <exception cref="InvalidOperationException">The model has no tokenizer.</exception>
    public string[] Complete()
    {
        RequireText();
        StringBuilder[] texts = [.. _samples.Select(_ => new StringBuilder())];
        while (MoveNext())
        {
            for (int i = 0; i < _samples.Length; i++)
                texts[i].Append(_samples[i].NewText);
        }
        return [.. texts.Select(text => text.ToString())];
    }

    /// <summary>The text of a single sample as it is written: <c>foreach (ReadOnlySpan&lt;char&gt; text in run)</c>.</summary>
    /// <exception cref="InvalidOperationException">There are several samples, or the model has no tokenizer.</exception>
    public TextEnumerator GetEnumerator()
    {
        RequireText();
        return _samples.Length == 1
            ? new TextEnumerator(this)
            : throw new InvalidOperationException("There are several samples: call MoveNext and read NewText of each.");
    }

    /// <summary>Gives back what the run holds. Samples keep what they have.</summary>
    public void Dispose()
    {
        _disposed = true;
        ReleaseSession();
    }

    /// <summary>Whether a guess that is right brings more than it costs; nothing is guessed otherwise.</summary>
    internal bool GuessesPay => _setup.GuessesPay;

    // False if it was cancelled before a token was chosen.
    private bool Step()
    {
        if (_session is { } session)
        {
            _steps.Decode(session, IsPastWindow);
            return true;
        }
        long start = Stopwatch.GetTimestamp();
        _session = _generator.Rent(_setup.Options.KvType);
        return _steps.Prefill(_session, start, _cancellation);
    }

    private void EndStep()
    {
        int pastWindow = 0;
        _live = 0;
        foreach (GeneratedSample sample in _samples)
        {
            if (!sample.IsLive)
                continue;
            bool isPastWindow = sample.IsPastWindow(_setup);
            if (isPastWindow && _setup.Overflow == Overflow.Stop)
            {
                sample.Finish(FinishReason.ContextFull);
                continue;
            }
            _live++;
            pastWindow += isPastWindow ? 1 : 0;
        }
        if (_live == 0)
            ReleaseSession();
        else if (pastWindow == _live)
            IsPastWindow = true;
    }

    private void FinishAll(FinishReason reason)
    {
        foreach (GeneratedSample sample in _samples)
        {
            if (sample.IsLive)
                sample.Finish(reason);
        }
    }

    private void ReleaseSession()
    {
        if (_session is not null)
            _generator.Return(_session);
        _session = null;
    }

    private void RequireText()
    {
        if (_setup.Tokenizer is null)
            throw new InvalidOperationException("The model has no tokenizer: call MoveNext and read the ids of each sample.");
    }
}
