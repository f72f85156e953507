using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>Compares a model's logits and greedy text with a reference.</summary>
/// <remarks>
/// The rule for weights with the checkpoint's values: max |logit - reference| is at most the larger of 3 d and 3e-6 of the largest
/// |reference logit|, where d is how far the reference's own float32 run is from its float64 run; the same argmax at every
/// position; identical greedy text. Narrower weights are another model: they are judged by a tolerance that the user states, or not at all.
/// </remarks>
/// <param name="gpt">The model.</param>
/// <param name="activations">Scratch memory and threads.</param>
/// <param name="continueGreedily">Gives the greedy continuation of a prompt, past the context window too: (prompt, tokens) -> ids.</param>
internal sealed class Verifier(Gpt gpt, Activations activations, Func<int[], int, int[]> continueGreedily)
{
    private const double FloatErrorFactor = 3, RelativeLimit = 3e-6;

    // Logits of this many positions at a time: through the same tiles as a long prompt, in little memory.
    private const int ChunkLength = 32;

    private string _path = "";
    private double _largestLogit;

    /// <summary>Compares everything that the reference has.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="exact">Whether the weights have the checkpoint's values exactly.</param>
    /// <param name="tolerance">A limit that replaces the rule's.</param>
    /// <exception cref="ReferenceException">The reference does not belong to this model, or its logits cannot be used.</exception>
    public Verification Run(ReferenceSet reference, bool exact, double? tolerance)
    {
        _path = reference.Path;
        foreach (ReferenceCase item in reference.Cases)
            Check(item);
        foreach (ReferenceGreedy item in reference.Greedy)
            CheckIds(item.Name, [.. item.PromptIds, .. item.Ids]);

        CaseResult[] cases = [.. reference.Cases.Select(Compare)];
        GreedyResult[] greedy = [.. reference.Greedy.Select(Compare)];

        double? limit = tolerance ?? (exact ? Math.Max(FloatErrorFactor * reference.FloatError, RelativeLimit * _largestLogit) : null);
        bool isJudged = exact || (limit is not null && cases.Length > 0);   // a tolerance without logits judges nothing
        bool close = limit is { } most && cases.All(result => result.MaxAbsDifference <= most);
        bool same = cases.All(result => result.ArgMaxMismatches == 0) && greedy.All(result => result.Identical);
        return new Verification(cases, greedy, limit, isJudged, isJudged && close && (same || !exact));
    }

    private CaseResult Compare(ReferenceCase item)
    {
        using var reference = new ReferenceLogits(item.Logits);
        using var cache = new KvCache(gpt.Config);
        var batch = new TokenBatch();
        int firstWithLogits = item.PromptIds.Length - item.Logits.Rows;
        double largest = 0;
        int compared = 0, mismatches = 0;
        for (int start = 0; start < item.PromptIds.Length; start += ChunkLength)
        {
            int count = Math.Min(ChunkLength, item.PromptIds.Length - start);
            batch.Clear();
            batch.Add(cache, item.PromptIds.AsSpan(start, count), LogitRows.All);
            ReadOnlySpan<float> logits = gpt.Forward(batch, activations);                          // (count, V)
            for (int t = 0; t < count; t++)
            {
                ReadOnlySpan<float> row = logits.Slice(t * gpt.Config.VocabSize, gpt.Config.VocabSize);
                int position = start + t;
                int? expected = item.ArgMax?[position];
                if (position >= firstWithLogits)
                {
                    ReadOnlySpan<double> referenceRow = reference.Next();
                    largest = Math.Max(largest, Difference(row, referenceRow));
                    expected ??= ArgMax(referenceRow);
                }
                if (expected is null)
                    continue;
                compared++;
                mismatches += ArgMax(row) == expected ? 0 : 1;
            }
        }
        return new CaseResult(item.Name, compared, largest, mismatches);
    }

    private GreedyResult Compare(ReferenceGreedy item)
    {
        ReadOnlySpan<int> ids = continueGreedily(item.PromptIds, item.Ids.Length);
        return new GreedyResult(item.Name, item.Ids.Length, ids.CommonPrefixLength(item.Ids));
    }

    private double Difference(ReadOnlySpan<float> ours, ReadOnlySpan<double> reference)
    {
        double largest = 0;
        for (int i = 0; i < ours.Length; i++)
        {
            double difference = Math.Abs(ours[i] - reference[i]);
            largest = Math.Max(largest, double.IsNaN(difference) ? double.PositiveInfinity : difference);
            _largestLogit = Math.Max(_largestLogit, Math.Abs(reference[i]));
        }
        return largest;
    }

    // The first of equal logits, as PyTorch's argmax.
    private static int ArgMax<T>(ReadOnlySpan<T> logits)
        where T : IComparable<T>
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i].CompareTo(logits[best]) > 0)
                best = i;
        }
        return best;
    }

    private void Check(ReferenceCase item)
    {
        int columns = item.Logits.Columns, tokens = item.PromptIds.Length;
        if (columns != gpt.Config.VocabSize)
            throw Stranger($"case '{item.Name}' has logits of {columns} tokens, the model has {gpt.Config.VocabSize}");
        if (tokens > gpt.Config.ContextLength)
            throw Stranger($"case '{item.Name}' has {tokens} tokens, the model's context holds {gpt.Config.ContextLength}");
        CheckIds(item.Name, item.PromptIds);
    }

    private void CheckIds(string name, ReadOnlySpan<int> ids)
    {
        foreach (int id in ids)
        {
            if (id >= gpt.Config.VocabSize)
                throw Stranger($"case '{name}' has token {id}, the model's tokens are 0 to {gpt.Config.VocabSize - 1}");
        }
    }

    private ReferenceException Stranger(string problem) => new($"'{_path}': {problem}; is it the reference of this model?");
}
