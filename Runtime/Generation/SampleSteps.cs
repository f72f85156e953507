using System.Diagnostics;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Generation;

/// <summary>What a run computes: the prompt once, then a step at a time for all samples that go on.</summary>
/// <param name="setup">The run's.</param>
/// <param name="samples">The run's; each chooses its own tokens.</param>
/// <param name="guesses">What their guesses are paid from; null where nothing is guessed.</param>
/// <param name="statistics">Where tokens and times are counted.</param>
internal sealed class SampleSteps(RunSetup setup, GeneratedSample[] samples, GuessAccount? guesses, GenerationStatistics statistics)
{
    private readonly SamplerPipeline _pipeline = SamplerPipeline.Create(setup.Options.Temperature, setup.Options.TopK);

    /// <summary>Computes the prompt, one sequence for all samples; then each chooses its own first token from the same logits.</summary>
    /// <param name="session">Holds the caches.</param>
    /// <param name="start">When the run began, in ticks of <see cref="Stopwatch"/>.</param>
    /// <param name="cancellation">Looked at between chunks.</param>
    /// <returns>False if it was cancelled before a token was chosen.</returns>
    public bool Prefill(GenerationSession session, long start, CancellationToken cancellation)
    {
        ReadOnlySpan<int> prompt = setup.VisiblePrompt;
        KvCache cache = session.Cache(0);
        ReadOnlySpan<float> logits = [];
        while (cache.Length < prompt.Length)
        {
            if (cancellation.IsCancellationRequested)
                return false;
            int count = Math.Min(session.Activations.ChunkLength, prompt.Length - cache.Length);   // where Forward would cut too
            bool isLast = cache.Length + count == prompt.Length;
            session.Batch.Clear();
            session.Batch.Add(cache, prompt.Slice(cache.Length, count), isLast ? LogitRows.Last : LogitRows.None);
            logits = setup.Gpt.Forward(session.Batch, session.Activations);
        }

        TimeSpan untilFirst = default;
        foreach (GeneratedSample sample in samples)
        {
            logits.CopyTo(session.Logits);
            sample.Advance(_pipeline, session.Logits, setup);
            if (untilFirst == default)
                untilFirst = Stopwatch.GetElapsedTime(start);
        }
        for (int i = 1; i < samples.Length && setup.Options.UseKvCache; i++)
        {
            if (samples[i].IsLive && !samples[i].IsPastWindow(setup))
                session.Cache(i).CopyFrom(cache);
        }
        if (setup.MostProposals > 0)
            session.ReserveSteps(samples.Length * (1 + setup.MostProposals), setup.Gpt.Config.VocabSize);
        statistics.CountPrefill(prompt.Length, samples.Length, untilFirst, Stopwatch.GetElapsedTime(start));
        return true;
    }

    /// <summary>Adds a token to every sample that takes part, or several that were guessed right.</summary>
    /// <param name="session">Holds the caches.</param>
    /// <param name="isPastWindow">Whether all samples that go on have come to the end of the window.</param>
    public void Decode(GenerationSession session, bool isPastWindow)
    {
        long start = Stopwatch.GetTimestamp();
        int count = 0;
        foreach (GeneratedSample sample in samples)
            count += TakesPart(sample, isPastWindow) ? 1 : 0;
        guesses?.BeginStep(count);
        session.Batch.Clear();
        for (int i = 0; i < samples.Length; i++)
        {
            if (TakesPart(samples[i], isPastWindow))
                AddInput(session.Batch, session.Cache(i), samples[i], isPastWindow);
        }

        Span<float> logits = setup.Gpt.Forward(session.Batch, session.Activations);   // (samples that take part and their proposals, V), each row one sample's own
        int tokens = 0;
        for (int i = 0; i < samples.Length; i++)
        {
            GeneratedSample sample = samples[i];
            if (!TakesPart(sample, isPastWindow))
                continue;
            int before = sample.Ids.Length, proposed = sample.Proposed, rows = (1 + proposed) * setup.Gpt.Config.VocabSize;
            int accepted = sample.Advance(_pipeline, logits[..rows], setup);
            logits = logits[rows..];
            KvCache cache = session.Cache(i);
            cache.Truncate(cache.Length - (proposed - accepted));
            statistics.CountProposals(proposed, accepted);
            tokens += sample.Ids.Length - before;
        }
        statistics.CountStep(tokens, Stopwatch.GetElapsedTime(start), isPastWindow);
    }

    // One that has come to the end of the window before others waits for them: past it a token costs as much as a prompt, and
    // samples share that best in one batch.
    private bool TakesPart(GeneratedSample sample, bool isPastWindow) => sample.IsLive && (isPastWindow || !sample.IsPastWindow(setup));

    private void AddInput(TokenBatch batch, KvCache cache, GeneratedSample sample, bool isPastWindow)
    {
        // Past the window no position keeps its place: the last T_max tokens are a new sequence each time.
        if (isPastWindow || !setup.Options.UseKvCache)
        {
            cache.Truncate(0);
            batch.Add(cache, sample.LastTokens(setup));
            return;
        }
        batch.AddStep(cache, sample.Propose(setup));
    }
}
