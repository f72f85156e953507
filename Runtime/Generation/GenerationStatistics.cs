namespace MyGpt.Runtime.Generation;

/// <summary>What a run has done so far and how long it took. Times include sampling and decoding to text.</summary>
public sealed class GenerationStatistics
{
    /// <summary>Tokens of the prompt that the model has seen: all, or the last T_max.</summary>
    public int PromptTokens { get; private set; }

    /// <summary>Tokens chosen, all samples together.</summary>
    public long NewTokens { get; private set; }

    /// <summary>
    /// Those of <see cref="NewTokens"/> within the window: one position each, or all that the token sees where the options forbid a cache. The
    /// first of a sample comes from the prefill.
    /// </summary>
    public long DecodedTokens { get; private set; }

    /// <summary>Steps that gave <see cref="DecodedTokens"/>: one adds a token to each sample, or several that were guessed right.</summary>
    public long DecodeSteps { get; private set; }

    /// <summary>Tokens that were guessed from what the text repeats, see <see cref="GenerationOptions.Speculate"/>.</summary>
    public long ProposedTokens { get; private set; }

    /// <summary>Those of <see cref="ProposedTokens"/> that were right; they are among <see cref="DecodedTokens"/>.</summary>
    public long AcceptedTokens { get; private set; }

    /// <summary>Those of <see cref="NewTokens"/> for which the whole window had to be computed again.</summary>
    public long PastWindowTokens { get; private set; }

    /// <summary>Time for the prompt, with the first token of each sample.</summary>
    public TimeSpan PrefillTime { get; private set; }

    /// <summary>Time for <see cref="DecodedTokens"/>.</summary>
    public TimeSpan DecodeTime { get; private set; }

    /// <summary>Time for <see cref="PastWindowTokens"/>.</summary>
    public TimeSpan PastWindowTime { get; private set; }

    /// <summary>From the first call of <see cref="GenerationRun.MoveNext"/> until a token was chosen; zero before that.</summary>
    public TimeSpan TimeToFirstToken { get; private set; }

    /// <summary>Prompt tokens per second; 0 before the prefill.</summary>
    public double PrefillTokensPerSecond => Rate(PromptTokens, PrefillTime);

    /// <summary>Tokens per second within the window, all samples together; 0 before there is one.</summary>
    public double DecodeTokensPerSecond => Rate(DecodedTokens, DecodeTime);

    /// <summary>Tokens per second past the window, all samples together; 0 before there is one.</summary>
    public double PastWindowTokensPerSecond => Rate(PastWindowTokens, PastWindowTime);

    internal void CountPrefill(int promptTokens, int newTokens, TimeSpan untilFirst, TimeSpan time)
    {
        PromptTokens = promptTokens;
        NewTokens += newTokens;
        TimeToFirstToken = untilFirst;
        PrefillTime = time;
    }

    internal void CountStep(int newTokens, TimeSpan time, bool pastWindow)
    {
        NewTokens += newTokens;
        if (pastWindow)
        {
            PastWindowTokens += newTokens;
            PastWindowTime += time;
        }
        else
        {
            DecodeSteps++;
            DecodedTokens += newTokens;
            DecodeTime += time;
        }
    }

    internal void CountProposals(int proposed, int accepted)
    {
        ProposedTokens += proposed;
        AcceptedTokens += accepted;
    }

    private static double Rate(long tokens, TimeSpan time) => time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;
}
