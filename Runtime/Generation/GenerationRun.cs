using System.Diagnostics;
using System.Text;
using MyGpt.Runtime.Model;
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
    private readonly SamplerPipeline _pipeline;
    private readonly GeneratedSample[] _samples;
    private readonly CancellationToken _cancellation;
    private GenerationSession? _session;
    private bool _disposed;
    private int _live;   // how many samples go on

    internal GenerationRun(TextGenerator generator, RunSetup setup, CancellationToken cancellation)
    {
        _generator = generator;
        _setup = setup;
        _cancellation = cancellation;
        _pipeline = SamplerPipeline.Create(setup.Options.Temperature, setup.Options.TopK);
        _samples = [.. Enumerable.Range(0, setup.Options.SampleCount).Select(i => new GeneratedSample(setup, i))];
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

    /// <summary>Most tokens that are proposed to follow a sample at a time: fewer than the options say where many samples share the memory for it.</summary>
    internal int MostProposals => _setup.MostProposals;

    // False if it was cancelled before a token was chosen.
    private bool Step()
    {
        long start = Stopwatch.GetTimestamp();
        if (_session is null)
        {
            _session = _generator.Rent(_setup.Options.KvType);
            return Prefill(_session, start);
        }
        int tokens = Decode(_session);
        Statistics.CountStep(tokens, Stopwatch.GetElapsedTime(start), IsPastWindow);
        return true;
    }

    // One sequence for all samples, then each chooses its own first token from the same logits.
    private bool Prefill(GenerationSession session, long start)
    {
        ReadOnlySpan<int> prompt = _setup.VisiblePrompt;
        KvCache cache = session.Cache(0);
        ReadOnlySpan<float> logits = [];
        while (cache.Length < prompt.Length)
        {
            if (_cancellation.IsCancellationRequested)
                return false;
            int count = Math.Min(session.Activations.ChunkLength, prompt.Length - cache.Length);   // where Forward would cut too
            bool isLast = cache.Length + count == prompt.Length;
            session.Batch.Clear();
            session.Batch.Add(cache, prompt.Slice(cache.Length, count), isLast ? LogitRows.Last : LogitRows.None);
            logits = _setup.Gpt.Forward(session.Batch, session.Activations);
        }

        TimeSpan untilFirst = default;
        foreach (GeneratedSample sample in _samples)
        {
            logits.CopyTo(session.Logits);
            sample.Advance(_pipeline, session.Logits, _setup);
            if (untilFirst == default)
                untilFirst = Stopwatch.GetElapsedTime(start);
        }
        for (int i = 1; i < _samples.Length && _setup.Options.UseKvCache; i++)
        {
            if (_samples[i].IsLive && !_samples[i].IsPastWindow(_setup))
                session.Cache(i).CopyFrom(cache);
        }
        if (_setup.MostProposals > 0)
            session.Activations.ReserveLogits(_samples.Length * (1 + _setup.MostProposals), _setup.Gpt.Config.VocabSize);
        Statistics.CountPrefill(prompt.Length, _samples.Length, untilFirst, Stopwatch.GetElapsedTime(start));
        return true;
    }

    // Returns how many tokens were chosen.
    private int Decode(GenerationSession session)
    {
        session.Batch.Clear();
        for (int i = 0; i < _samples.Length; i++)
        {
            if (IsInStep(_samples[i]))
                AddInput(session.Batch, session.Cache(i), _samples[i]);
        }

        Span<float> logits = _setup.Gpt.Forward(session.Batch, session.Activations);   // (live samples and their proposals, V), each row one sample's own
        int tokens = 0;
        for (int i = 0; i < _samples.Length; i++)
        {
            GeneratedSample sample = _samples[i];
            if (!IsInStep(sample))
                continue;
            int before = sample.Ids.Length, proposed = sample.Proposed, rows = (1 + proposed) * _setup.Gpt.Config.VocabSize;
            int accepted = sample.Advance(_pipeline, logits[..rows], _setup);
            logits = logits[rows..];
            KvCache cache = session.Cache(i);
            cache.Truncate(cache.Length - (proposed - accepted));
            Statistics.CountProposals(proposed, accepted);
            tokens += sample.Ids.Length - before;
        }
        return tokens;
    }

    // One that has come to the end of the window before others waits for them: past it a token costs as much as a prompt, and
    // samples share that best in one batch.
    private bool IsInStep(GeneratedSample sample) => sample.IsLive && (IsPastWindow || !sample.IsPastWindow(_setup));

    private void AddInput(TokenBatch batch, KvCache cache, GeneratedSample sample)
    {
        // Past the window no position keeps its place: the last T_max tokens are a new sequence each time.
        if (IsPastWindow || !_setup.Options.UseKvCache)
        {
            cache.Truncate(0);
            batch.Add(cache, sample.LastTokens(_setup));
            return;
        }
        batch.Add(cache, sample.Propose(_setup, isAlone: _live == 1), LogitRows.All);
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
