using System.Runtime.InteropServices;
using System.Security.Cryptography;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Generation;

/// <summary>One continuation of a prompt, as far as it has been written.</summary>
public sealed class GeneratedSample
{
    // Room for this many tokens is made at once; a longer sample doubles its room when it gets there.
    private const int MostPreparedTokens = 1 << 16;

    private const int NoToken = -1;

    private readonly RandomSource _random;
    private readonly StreamingDecoder? _decoder;
    private readonly StopStringFilter _filter;
    private readonly IncrementalHash? _hash;
    private readonly Speculation? _speculation;
    private readonly int _promptLength;
    private int[] _sequence;   // the prompt's end, as much of it as the model can see, then what was chosen, then what is proposed
    private int _length;       // without what is proposed

    internal GeneratedSample(RunSetup setup, int index, GuessAccount? guesses)
    {
        _random = new RandomSource(setup.Seed, (ulong)index);
        _filter = new StopStringFilter(setup.Options.StopStrings);
        _decoder = setup.Tokenizer is { } tokenizer ? new StreamingDecoder(tokenizer, setup.TextPrecedes) : null;
        _hash = setup.Options.HashLogits ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        _speculation = guesses is null ? null : new Speculation(setup.MostProposals, guesses);
        ReadOnlySpan<int> prompt = setup.VisiblePrompt;
        _promptLength = _length = prompt.Length;
        _sequence = new int[prompt.Length + Math.Min(setup.Options.MaxNewTokens, MostPreparedTokens)];
        prompt.CopyTo(_sequence);
    }

    /// <summary>
    /// The text that the last step added: whole characters, often none. Put together it is the continuation, without the prompt
    /// and without a stop string or an end token. Always empty for a model without a tokenizer. Valid until the next step.
    /// </summary>
    public ReadOnlySpan<char> NewText => _filter.Released;

    /// <summary>Every token chosen so far, those of a stop string and an end token included. Valid until the next step.</summary>
    public ReadOnlySpan<int> Ids => _sequence.AsSpan(_promptLength, _length - _promptLength);

    /// <summary>
    /// SHA-256 of the logits that the tokens so far were chosen from, as the model gave them: V little-endian float32 for each token, one after
    /// the other. 64 lower-case hexadecimal digits; null unless <see cref="GenerationOptions.HashLogits"/> asks for it.
    /// </summary>
    public string? LogitsHash => _hash is null ? null : Convert.ToHexStringLower(_hash.GetCurrentHash());

    /// <summary>Why the sample ended; null while it goes on.</summary>
    public FinishReason? FinishReason { get; private set; }

    /// <summary>Whether the sample goes on.</summary>
    internal bool IsLive => FinishReason is null;

    /// <summary>Whether the next token would see only the last T_max tokens of the text.</summary>
    internal bool IsPastWindow(RunSetup setup) => (long)setup.Prompt.Length + Ids.Length > setup.ContextLength;

    /// <summary>How many tokens were proposed for the step.</summary>
    internal int Proposed { get; private set; }

    /// <summary>The last tokens of prompt and continuation together, no more than T_max.</summary>
    internal ReadOnlySpan<int> LastTokens(RunSetup setup) => _sequence.AsSpan(Math.Max(0, _length - setup.ContextLength).._length);

    /// <summary>The last token, and behind it those that may follow; within the window.</summary>
    /// <param name="setup">The run's.</param>
    internal ReadOnlySpan<int> Propose(RunSetup setup)
    {
        int wanted = setup.Options.MaxNewTokens - Ids.Length - 1;   // one more is chosen after the last proposal
        int room = Math.Min(wanted, Math.Min(setup.ContextLength, _sequence.Length) - _length);
        Proposed = _speculation?.Propose(_sequence, _length, room) ?? 0;
        return _sequence.AsSpan(_length - 1, 1 + Proposed);
    }

    /// <summary>Begins a step: <see cref="NewText"/> is empty then.</summary>
    internal void BeginStep() => _filter.BeginRound();

    /// <summary>Chooses tokens as long as they are those that were proposed, and one more; adds their text, and ends the sample where one does.</summary>
    /// <param name="pipeline">What chooses.</param>
    /// <param name="logits">Logits of the last token and of each proposal, (1 + proposals, V); overwritten.</param>
    /// <param name="setup">The run's.</param>
    /// <returns>How many of the proposals were chosen.</returns>
    internal int Advance(SamplerPipeline pipeline, Span<float> logits, RunSetup setup)
    {
        int vocabSize = logits.Length / (1 + Proposed), row = 0, accepted = 0;
        bool isAsProposed;
        do
        {
            int proposal = row < Proposed ? _sequence[_length] : NoToken;
            AdvanceByOne(pipeline, logits.Slice(row * vocabSize, vocabSize), setup);
            row++;
            isAsProposed = _sequence[_length - 1] == proposal;
            accepted += isAsProposed ? 1 : 0;
        }
        while (isAsProposed && IsLive);
        if (Proposed > 0)
            _speculation?.Note(Proposed, accepted);
        Proposed = 0;
        return accepted;
    }

    // Chooses the next token and adds its text; ends the sample if the token does.
    private void AdvanceByOne(SamplerPipeline pipeline, Span<float> logits, RunSetup setup)
    {
        _hash?.AppendData(MemoryMarshal.AsBytes(logits));   // before sampling: it works in place
        int id = pipeline.Sample(logits, _random);
        if (_length == _sequence.Length)
            Array.Resize(ref _sequence, 2 * _length);
        _sequence[_length++] = id;

        if (setup.EndTokens.AsSpan().Contains(id))
        {
            Finish(Generation.FinishReason.EndToken);
            return;
        }
        if (_decoder is not null)
            _filter.Append(_decoder.Append(id));
        if (_filter.IsStopped)
            FinishReason = Generation.FinishReason.StopString;
        else if (Ids.Length == setup.Options.MaxNewTokens)
            Finish(Generation.FinishReason.MaxTokens);
    }

    /// <summary>Ends the sample: what was held back is text after all.</summary>
    internal void Finish(FinishReason reason)
    {
        if (_decoder is not null)
            _filter.Append(_decoder.Flush());
        _filter.ReleaseHeld();
        FinishReason = _filter.IsStopped ? Generation.FinishReason.StopString : reason;
    }
}
