using System.Diagnostics;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Bench;

/// <summary>
/// The workload that other engines are measured with: prompt token i is (i * 997 + 13) mod V, batch 1; greedy decoding of 128 tokens
/// after a 16-token prompt, argmax included; a prefill of 512 tokens with the logits of the last. Short contexts get shorter ones.
/// </summary>
internal sealed class Workload(Gpt gpt, Activations activations) : IDisposable
{
    private const int DecodedTokens = 128, LongestPrompt = 16, LongestPrefill = 512;

    private readonly KvCache _cache = new(gpt.Config);
    private readonly TokenBatch _batch = new();

    /// <summary>Tokens before the first decoded one.</summary>
    public int PromptLength { get; } = Math.Clamp(gpt.Config.ContextLength / 4, 1, LongestPrompt);

    /// <summary>Tokens of the prefill.</summary>
    public int PrefillLength { get; } = Math.Min(LongestPrefill, gpt.Config.ContextLength);

    /// <summary>The first tokens of the workload's endless prompt.</summary>
    public int[] Prompt(int length)
    {
        int[] ids = new int[length];
        for (int i = 0; i < length; i++)
            ids[i] = (int)(((long)i * 997 + 13) % gpt.Config.VocabSize);
        return ids;
    }

    /// <summary>Tokens per second of one prefill into an empty cache.</summary>
    public double PrefillRate()
    {
        int[] prompt = Prompt(PrefillLength);
        _cache.Truncate(0);
        long start = Stopwatch.GetTimestamp();
        Feed(prompt);
        return prompt.Length / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Whether the context has room for a token after the prompt.</summary>
    public bool CanDecode => PromptLength < gpt.Config.ContextLength;

    /// <summary>Tokens per second of 128 decoded tokens. A context too short for them begins afresh; the prompts are not counted.</summary>
    public double DecodeRate()
    {
        int[] prompt = Prompt(PromptLength);
        TimeSpan decoding = TimeSpan.Zero;
        int left = DecodedTokens;
        Debug.Assert(CanDecode, "no room for a token");
        while (left > 0)
        {
            _cache.Truncate(0);
            int token = Feed(prompt);
            int steps = Math.Min(left, gpt.Config.ContextLength - PromptLength);
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < steps; i++)
                token = Feed([token]);
            decoding += Stopwatch.GetElapsedTime(start);
            left -= steps;
        }
        return DecodedTokens / decoding.TotalSeconds;
    }

    public void Dispose() => _cache.Dispose();

    // Appends tokens and returns the most likely next one.
    private int Feed(ReadOnlySpan<int> tokens)
    {
        _batch.Clear();
        _batch.Add(_cache, tokens);
        return ArgMax.Find(gpt.Forward(_batch, activations));
    }
}
