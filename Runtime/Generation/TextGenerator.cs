using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Generation;

/// <summary>Continues prompts with a model.</summary>
/// <remarks>
/// Runs are independent: several may go on at the same time, on several threads. Each takes scratch memory, caches and worker
/// threads; those of a run that has ended serve the next.
/// </remarks>
public sealed class TextGenerator : IDisposable
{
    private const string EndOfText = "<|endoftext|>";

    private readonly Gpt _gpt;
    private readonly ITokenizer? _tokenizer;
    private readonly int _threads;
    private readonly int? _startToken;
    private readonly bool _startBeforePrompt;
    private readonly int[] _endTokens;
    private readonly Overflow _overflow;
    private readonly Stack<GenerationSession> _idle = [];
    private bool _disposed;

    /// <summary>Creates a generator.</summary>
    /// <param name="gpt">The model; its weights must outlive the generator.</param>
    /// <param name="tokenizer">Its tokenizer, or null: prompts are ids then, and so are answers.</param>
    /// <param name="threads">Threads that work on one run, 1 or more; what is generated does not depend on it.</param>
    /// <param name="startToken">The token to begin with when a prompt is empty; null for the tokenizer's end-of-text token, if it has one.</param>
    /// <param name="endToken">The token that ends a text unless the options say otherwise; null for none.</param>
    /// <param name="startBeforePrompt">Whether the start token stands before the text of a prompt too.</param>
    /// <param name="overflow">What happens when a text outgrows the context unless the options say otherwise.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no thread, or a token is not below V.</exception>
    public TextGenerator(
        Gpt gpt, ITokenizer? tokenizer, int threads, int? startToken = null, int? endToken = null, bool startBeforePrompt = false,
        Overflow overflow = Overflow.Crop)
    {
        ArgumentNullException.ThrowIfNull(gpt);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _gpt = gpt;
        _tokenizer = tokenizer;
        _threads = threads;
        _startToken = startToken ?? (tokenizer is not null && tokenizer.SpecialTokens.TryGetValue(EndOfText, out int id) ? id : null);
        _startBeforePrompt = startBeforePrompt;
        _endTokens = endToken is { } end ? [end] : [];
        _overflow = overflow;
        if (_startToken is { } start)
            RequireToken(start, nameof(startToken));
        if (endToken is { } last)
            RequireToken(last, nameof(endToken));
    }

    /// <summary>Begins to continue a text.</summary>
    /// <param name="prompt">The text; empty to begin with the start token alone.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellation">Ends the run after the current step, with <see cref="FinishReason.Cancelled"/>.</param>
    /// <exception cref="UnknownTextException">The vocabulary has no token for a part of the prompt, see <see cref="GenerationOptions.Unknown"/>.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer.</exception>
    /// <exception cref="ArgumentException">The prompt is empty and the model has no start token, or an end token is not below V.</exception>
    /// <exception cref="ObjectDisposedException">The generator was disposed.</exception>
    public GenerationRun Generate(ReadOnlySpan<char> prompt, GenerationOptions? options = null, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        if (_tokenizer is null)
            throw new InvalidOperationException("The model has no tokenizer: give the prompt as token ids.");
        options ??= new GenerationOptions();
        int[] ids = _tokenizer.Encode(prompt, options.AllowSpecial, options.Unknown);
        return Start(_startBeforePrompt && _startToken is { } start && ids.Length > 0 ? [start, .. ids] : ids, options, cancellation);
    }

    /// <summary>Begins to continue a sequence of tokens, taken as it is: nothing is put before it.</summary>
    /// <param name="promptIds">The sequence, ids below V; empty to begin with the start token.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="cancellation">Ends the run after the current step, with <see cref="FinishReason.Cancelled"/>.</param>
    /// <exception cref="ArgumentException">
    /// An id is not below V; the prompt is empty and the model has no start token; there are stop strings and the model has no tokenizer.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The generator was disposed.</exception>
    public GenerationRun Generate(ReadOnlySpan<int> promptIds, GenerationOptions? options = null, CancellationToken cancellation = default)
    {
        ThrowIfDisposed();
        for (int i = 0; i < promptIds.Length; i++)
        {
            if ((uint)promptIds[i] >= (uint)_gpt.Config.VocabSize)
                throw new ArgumentException($"prompt token {i}: id {promptIds[i]} found, 0 to {_gpt.Config.VocabSize - 1} needed");
        }
        return Start(promptIds.ToArray(), options ?? new GenerationOptions(), cancellation);
    }

    /// <summary>Frees what waits for the next run. Runs that go on cannot be continued; none may be in a step on another thread.</summary>
    public void Dispose()
    {
        lock (_idle)
        {
            _disposed = true;
            while (_idle.TryPop(out GenerationSession? session))
                session.Dispose();
        }
    }

    internal void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_disposed, this);

    internal GenerationSession Rent(KvType kvType)
    {
        GenerationSession? session;
        lock (_idle)
        {
            ThrowIfDisposed();
            _idle.TryPop(out session);
        }
        session ??= new GenerationSession(_gpt.Config, _threads);
        session.Begin(kvType);
        return session;
    }

    internal void Return(GenerationSession session)
    {
        lock (_idle)
        {
            if (_disposed)
            {
                session.Dispose();
                return;
            }
            session.Reset();
            _idle.Push(session);
        }
    }

    private GenerationRun Start(int[] prompt, GenerationOptions options, CancellationToken cancellation)
    {
        if (options.StopStrings.Count > 0 && _tokenizer is null)
            throw new ArgumentException("Stop strings need a tokenizer, and the model has none.");
        foreach (int id in options.EndTokens ?? [])
            RequireToken(id, nameof(GenerationOptions.EndTokens));
        bool isEmpty = prompt.Length == 0;
        if (isEmpty)
            prompt = [_startToken ?? throw new ArgumentException("The prompt is empty and the model has no start token: give it some text or token ids.")];
        var setup = new RunSetup
        {
            Gpt = _gpt,
            Tokenizer = _tokenizer,
            Options = options,
            Seed = options.Seed ?? RandomSource.NewSeed(),
            Prompt = prompt,
            TextPrecedes = !isEmpty,
            EndTokens = [.. options.EndTokens ?? _endTokens],
            Overflow = options.Overflow ?? _overflow,
        };
        return new GenerationRun(this, setup, cancellation);
    }

    private void RequireToken(int id, string name)
    {
        if ((uint)id >= (uint)_gpt.Config.VocabSize)
            throw new ArgumentOutOfRangeException(name, id, $"Must be a token id, 0 to {_gpt.Config.VocabSize - 1}.");
    }
}
