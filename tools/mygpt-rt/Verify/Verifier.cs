using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>Compares a model's logits and greedy text with a reference, and its operations where that is asked for.</summary>
/// <remarks>
/// The rule for weights with the checkpoint's values: no logit further from its reference than <see cref="DifferenceLimit"/> says, nor an operation's value;
/// the same argmax at every position; identical greedy text. Narrower weights are another model: they are judged by a tolerance that the user states,
/// or not at all.
/// </remarks>
/// <param name="gpt">The model.</param>
/// <param name="activations">Scratch memory and threads.</param>
/// <param name="continueGreedily">Gives the greedy continuation of a prompt, past the context window too: (prompt, tokens) -> ids.</param>
internal sealed class Verifier(Gpt gpt, Activations activations, Func<int[], int, int[]> continueGreedily)
{
    // Logits of this many positions at a time: through the same tiles as a long prompt, in little memory.
    private const int ChunkLength = 32;

    /// <summary>Compares everything that the reference has.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="exact">Whether the weights have the checkpoint's values exactly.</param>
    /// <param name="tolerance">A limit that replaces the rule's.</param>
    /// <param name="withLayers">Whether hidden states are compared too.</param>
    /// <exception cref="ReferenceException">The reference does not belong to this model, or its numbers cannot be used.</exception>
    public Verification Run(ReferenceSet reference, bool exact, double? tolerance, bool withLayers)
    {
        ReferenceMatch.Require(reference, gpt.Config);
        LayerComparison? layers = withLayers ? new LayerComparison(gpt.Config) : null;
        CaseResult[] cases = [.. reference.Cases.Select(item => Compare(item, layers))];
        GreedyResult[] greedy = [.. reference.Greedy.Select(Compare)];
        var total = new LogitFigures();
        foreach (CaseResult item in cases)
            total.Add(item.Figures);

        var limit = new DifferenceLimit(reference.FloatError, total.LargestReference, exact, tolerance);
        LayerVerification? layerResult = layers?.Result(limit, total);
        bool isJudged = exact || (tolerance is not null && cases.Length > 0);   // a tolerance without logits judges nothing
        bool close = total.MaxDifference <= limit.OfLogits && layerResult?.First is null;
        bool same = total.ArgMaxMismatches == 0 && greedy.All(result => result.Identical);
        return new Verification(cases, total, greedy, layerResult, limit.OfLogits, isJudged, isJudged && close && (same || !exact));
    }

    private CaseResult Compare(ReferenceCase item, LayerComparison? layers)
    {
        using var reference = new NumberFile(item.LogitsFile.Path, item.LogitsFile.IsDouble);
        reference.Require(item.Logits, "logits");
        using LayerWatch? watch = item.Hidden is null ? null : layers?.Watch(item.Name, item.Hidden, activations);
        using var cache = new KvCache(gpt.Config);
        var batch = new TokenBatch();
        var figures = new LogitFigures();
        int firstWithLogits = item.PromptIds.Length - item.Logits.Rows;
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
                    ReadOnlySpan<double> referenceRow = reference.Row(item.Logits, position - firstWithLogits);
                    figures.AddRow(row, referenceRow);
                    expected ??= ArgMax(referenceRow);
                }
                if (expected is { } id)
                    figures.AddArgMax(ArgMax(row) == id);
            }
        }
        return new CaseResult(item.Name, figures);
    }

    private GreedyResult Compare(ReferenceGreedy item)
    {
        ReadOnlySpan<int> ids = continueGreedily(item.PromptIds, item.Ids.Length);
        return new GreedyResult(item.Name, item.Ids.Length, ids.CommonPrefixLength(item.Ids));
    }

    // The first of equal logits, as PyTorch's argmax.
    private static int ArgMax<T>(ReadOnlySpan<T> logits)
        where T : IComparable<T>
    {
        int best = 0;
        TopTokens.Find(logits, new Span<int>(ref best));
        return best;
    }
}
