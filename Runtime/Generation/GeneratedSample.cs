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

    private readonly RandomSource _random;
    private readonly StreamingDecoder? _decoder;
    private readonly StopStringFilter _filter;
    private readonly IncrementalHash? _hash;
    private readonly int _promptLength;
    private int[] _sequence;   // the prompt's end, as much of it as the model can see, then what was chosen
    private int _length;

    internal GeneratedSample(RunSetup setup, int index)
    {
        _random = new RandomSource(setup.Seed, (ulong)index);
        _filter = new StopStringFilter(setup.Options.StopStrings);
        _decoder = setup.Tokenizer is { } tokenizer ? new StreamingDecoder(tokenizer, setup.TextPrecedes) : null;
        _hash = setup.Options.HashLogits ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
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

    /// <summary>The last tokens of prompt and continuation together.</summary>
    internal ReadOnlySpan<int> LastTokens(int count) => _sequence.AsSpan(_length - count, count);

    /// <summary>Begins a step: <see cref="NewText"/> is empty then.</summary>
    internal void BeginStep() => _filter.BeginRound();

    /// <summary>Chooses the next token and adds its text; ends the sample if the token does.</summary>
    internal void Advance(SamplerPipeline pipeline, Span<float> logits, RunSetup setup)
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
