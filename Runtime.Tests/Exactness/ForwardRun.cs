using System.Runtime.InteropServices;
using System.Security.Cryptography;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Exactness;

/// <summary>Runs texts through <see cref="Gpt.Forward"/> side by side and hashes the logits of each.</summary>
/// <param name="gpt">The model.</param>
/// <param name="activations">Working memory, with the threads.</param>
/// <param name="kvType">What keys and values are cached as.</param>
internal sealed class ForwardRun(Gpt gpt, Activations activations, KvType kvType)
{
    private readonly TokenBatch _batch = new();

    /// <summary>SHA-256 of the float32 bytes of each text's logits, in the order of the texts.</summary>
    /// <param name="texts">The texts, in their order in the batch.</param>
    /// <param name="chunk">Most tokens of a text in a call.</param>
    /// <param name="useCache">Whether a token within the window finds the past in the cache; else all is computed from scratch for it.</param>
    public string[] Hashes(IReadOnlyList<ExactText> texts, int chunk, bool useCache)
    {
        Sequence[] sequences = [.. texts.Select(text => new Sequence(text, new KvCache(gpt.Config, kvType)))];
        for (int step = 0; step < ExactText.Steps; step++)
        {
            foreach (Sequence sequence in sequences)
                sequence.Begin(step, gpt.Config.ContextLength, useCache);
            while (Forward(sequences, chunk))
            {
            }
        }
        return [.. sequences.Select(sequence => sequence.End())];
    }

    // The next tokens of every sequence that has some left; false when none has.
    private bool Forward(Sequence[] sequences, int chunk)
    {
        _batch.Clear();
        int[] rows = [.. sequences.Select(sequence => sequence.AddNext(_batch, chunk))];
        if (_batch.TokenCount == 0)
            return false;
        ReadOnlySpan<float> logits = gpt.Forward(_batch, activations);
        for (int i = 0; i < sequences.Length; i++)
        {
            int length = rows[i] * gpt.Config.VocabSize;
            sequences[i].Hash.AppendData(MemoryMarshal.AsBytes(logits[..length]));
            logits = logits[length..];
        }
        return true;
    }

    private sealed class Sequence(ExactText text, KvCache cache)
    {
        private int _next, _end, _step;

        public IncrementalHash Hash { get; } = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        // What is to be computed: the new tokens, or all that the model sees of the text from position 0 on.
        public void Begin(int step, int contextLength, bool useCache)
        {
            _step = step;
            _end = text.PromptLength + step;
            if (step > 0 && useCache && _end <= contextLength)
                return;
            cache.Truncate(0);
            _next = Math.Max(0, _end - contextLength);
        }

        // The number of rows of logits that the call will give: of the whole prompt, then of each step's last token.
        public int AddNext(TokenBatch batch, int chunk)
        {
            int count = Math.Min(chunk, _end - _next);
            if (count == 0)
                return 0;
            LogitRows rows = _step == 0 ? LogitRows.All : _next + count == _end ? LogitRows.Last : LogitRows.None;
            batch.Add(cache, text.Ids.AsSpan(_next, count), rows);
            _next += count;
            return rows switch
            {
                LogitRows.None => 0,
                LogitRows.Last => 1,
                LogitRows.All => count,
            };
        }

        public string End()
        {
            cache.Dispose();
            using (Hash)
                return Convert.ToHexStringLower(Hash.GetHashAndReset());
        }
    }
}
