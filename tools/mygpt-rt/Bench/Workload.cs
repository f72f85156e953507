using System.Diagnostics;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Bench;

/// <summary>
/// The workload that other engines are measured with: prompt token i is (i * 997 + 13) mod V, batch 1; greedy decoding of 128 tokens
/// after a 16-token prompt, argmax included; a prefill of 512 tokens with the logits of the last. Short contexts get shorter ones.
/// </summary>
internal sealed class Workload(Gpt gpt, Activations activations, KvType kvType) : IDisposable
{
    /// <summary>Tokens of the measurement that engines are compared by.</summary>
    public const int DecodedTokens = 128;

    private const int LongestPrompt = 16, LongestPrefill = 512;

    // What a context may take that is filled for its end's sake: a file of a few bytes may declare a million positions.
    private const int LongestContext = 4096;
    private const long LargestCache = 1L << 30;

    private readonly Sequences _one = new(gpt, activations, kvType, count: 1);

    /// <summary>What keys and values are cached as.</summary>
    public KvType KvType => kvType;

    /// <summary>Tokens before the first decoded one.</summary>
    public int PromptLength { get; } = Math.Clamp(gpt.Config.ContextLength / 4, 1, LongestPrompt);

    /// <summary>Tokens of the prefill.</summary>
    public int PrefillLength { get; } = Math.Min(LongestPrefill, gpt.Config.ContextLength);

    /// <summary>
    /// Positions that a context is filled to where its end is measured: T_max, but 4,096 and a cache of 1 GiB at most.
    /// </summary>
    public int Reach { get; } = (int)Math.Min(Math.Min(gpt.Config.ContextLength, LongestContext), LargestCache / ModelCost.KvBytesPerPosition(gpt.Config, kvType));

    /// <summary>Positions that the cache has memory for once both have run: whole pages.</summary>
    public long CachedPositions =>
        (Math.Max(PrefillLength, Math.Min(PromptLength + DecodedTokens, gpt.Config.ContextLength)) + KvPage.Positions - 1) / KvPage.Positions * KvPage.Positions;

    /// <summary>Whether the context has room for a token after the prompt.</summary>
    public bool CanDecode => PromptLength < gpt.Config.ContextLength;

    /// <summary>The first tokens of the workload's endless prompt.</summary>
    public int[] Prompt(int length) => Prompt(gpt.Config.VocabSize, length);

    /// <summary>The first tokens of the workload's endless prompt.</summary>
    /// <param name="vocabSize">V.</param>
    /// <param name="length">How many.</param>
    public static int[] Prompt(int vocabSize, int length)
    {
        int[] ids = new int[length];
        for (int i = 0; i < length; i++)
            ids[i] = (int)(((long)i * 997 + 13) % vocabSize);
        return ids;
    }

    /// <summary>Tokens per second of one prefill into an empty cache.</summary>
    public double PrefillRate()
    {
        long start = Stopwatch.GetTimestamp();
        _one.Fill(PrefillLength);
        return PrefillLength / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Tokens per second of decoded tokens. A context too short for them begins afresh; prompts are not counted.</summary>
    /// <param name="tokens">How many.</param>
    public double DecodeRate(int tokens)
    {
        Debug.Assert(CanDecode, "no room for a token");
        _one.Fill(PromptLength);
        return _one.DecodeRate(tokens);
    }

    public void Dispose() => _one.Dispose();
}
