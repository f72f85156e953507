using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>The byte pair encoding of a myGPT checkpoint: <c>chars</c>, and <c>merges</c> of two strings each.</summary>
/// <remarks>
/// github.com/egde/mygpt, tokenizer.py. A token's id is its place in the characters followed by the merged strings. Where a string
/// occurs twice (two merges can make the same one), encoding gives the last of them.
/// </remarks>
internal static class MyGptBpeVocabulary
{
    /// <summary>Most UTF-16 units of all tokens together: a pickle can name one long string many times, and merges double it.</summary>
    private const int MaxText = 16 << 20;

    /// <summary>Makes the tables.</summary>
    /// <param name="chars">The characters.</param>
    /// <param name="merges">The merges in the order in which they are applied.</param>
    /// <param name="vocabSize">V of the model, which may have more tokens.</param>
    /// <param name="source">Where the lists come from, for messages.</param>
    /// <exception cref="CheckpointException">
    /// A character is none or occurs twice, a merge is no pair of strings or joins something that is no token, or there are too many.
    /// </exception>
    public static TokenizerData Create(ListValue chars, ListValue merges, int vocabSize, string source)
    {
        VocabularyTable.CheckCount(chars.Items.Count, vocabSize, $"{source}: chars");
        VocabularyTable.CheckCount(checked(chars.Items.Count + merges.Items.Count), vocabSize, $"{source}: chars with merges");
        string[] characters = VocabularyTable.RequireCharacters(VocabularyTable.Texts(chars, $"{source}: chars"), $"{source}: chars");

        List<string> tokens = [.. characters];
        var pairs = new List<(string Left, string Right)>(merges.Items.Count);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal); // of equal tokens the last
        for (int id = 0; id < tokens.Count; id++)
            ids[tokens[id]] = id;
        long length = 0;
        foreach (Value item in merges.Items)
        {
            (string left, string right) = Pair(item, pairs.Count, ids, source);
            length += left.Length + right.Length;
            if (length > MaxText)
                throw new CheckpointException($"{source}: merge {pairs.Count} makes a vocabulary of {length} characters; at most {MaxText} are read");
            pairs.Add((left, right));
            ids[left + right] = tokens.Count;
            tokens.Add(left + right);
        }
        BpeMerge[] table = [.. pairs.Select(pair => new BpeMerge(ids[pair.Left], ids[pair.Right], ids[pair.Left + pair.Right]))];
        return VocabularyTable.Check(() => TokenizerDataBuilder.MyGptBpe(tokens, table), source);
    }

    private static (string Left, string Right) Pair(Value item, int index, Dictionary<string, int> ids, string source)
    {
        if (item is not ListValue { Items: [TextValue left, TextValue right] })
            throw new CheckpointException($"{source}: merge {index} is {item.Kind}; a pair of two strings was needed");
        foreach (string part in (string[])[left.Value, right.Value])
        {
            if (!ids.ContainsKey(part))
            {
                throw new CheckpointException($"{source}: merge {index} joins {Printable.Quote(left.Value)} and {Printable.Quote(right.Value)}, "
                    + $"and {Printable.Quote(part)} is neither one of the characters nor made by an earlier merge");
            }
        }
        return (left.Value, right.Value);
    }
}
