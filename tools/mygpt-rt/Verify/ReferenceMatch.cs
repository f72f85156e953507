using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verify;

/// <summary>Whether a reference can be one of a model: sizes, token ids, operations.</summary>
internal static class ReferenceMatch
{
    /// <summary>Checks everything before anything is computed.</summary>
    /// <exception cref="ReferenceException">It cannot; the message says why.</exception>
    public static void Require(ReferenceSet reference, GptConfig config)
    {
        IEnumerable<string?> problems = reference.Cases.Select(item => OfCase(item, config))
            .Concat(reference.Greedy.Select(item => OfIds(item.Name, [.. item.PromptIds, .. item.Ids], config)));
        if (problems.FirstOrDefault(problem => problem is not null) is { } found)
            throw new ReferenceException($"'{reference.Path}': {found}; is it the reference of this model?");
    }

    private static string? OfCase(ReferenceCase item, GptConfig config)
    {
        int columns = item.Logits.Columns, tokens = item.PromptIds.Length;
        if (columns != config.VocabSize)
            return $"case '{item.Name}' has logits of {columns} tokens, the model has {config.VocabSize}";
        if (tokens > config.ContextLength)
            return $"case '{item.Name}' has {tokens} tokens, the model's context holds {config.ContextLength}";
        return OfIds(item.Name, item.PromptIds, config) ?? (item.Hidden is null ? null : OfHidden(item.Name, item.Hidden, config));
    }

    private static string? OfIds(string name, int[] ids, GptConfig config) => ids.Max() is var largest && largest >= config.VocabSize
        ? $"case '{name}' has token {largest}, the model's tokens are 0 to {config.VocabSize - 1}"
        : null;

    private static string? OfHidden(string name, HiddenStates hidden, GptConfig config)
    {
        Dictionary<string, int> widths = OperationSpec.For(config).ToDictionary(spec => spec.Name, spec => spec.Width);
        foreach ((string operation, HiddenOperation expected) in hidden.Operations)
        {
            string shown = ReferenceObject.Plain(operation);
            if (!widths.TryGetValue(operation, out int width))
                return $"case '{name}' has hidden states of '{shown}', which the model does not compute";
            if (expected.Values.Columns != width)
                return $"case '{name}' has {expected.Values.Columns} values of '{shown}' for each token, the model has {width}";
        }
        return null;
    }
}
