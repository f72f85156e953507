using System.Text;
using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>
/// Makes a vocabulary of GPT-2's kind from a map of spelt tokens to ids and a list of merges, as Hugging Face's files have them.
/// </summary>
internal static class ByteLevelBpe
{
    /// <summary>Ids without a token that a small vocabulary may have, so that few bytes cannot ask for a large table.</summary>
    private const int MostFreeIds = 4096;

    /// <summary>Makes the tables.</summary>
    /// <param name="vocabulary">Tokens and their ids; bytes are spelt as <see cref="ByteSpelling"/> says.</param>
    /// <param name="merges">The merges in the order in which they were learned.</param>
    /// <param name="added">Tokens that stand for more than their text, which is not spelt; null: those that no merge makes.</param>
    /// <param name="vocabSize">V of the model, which may have more tokens.</param>
    /// <param name="source">Where they come from, for messages.</param>
    /// <exception cref="CheckpointException">They contradict themselves, have more tokens than the model, or are not of GPT-2's kind.</exception>
    public static TokenizerData Create(
        DictValue vocabulary, IReadOnlyList<(string Left, string Right)> merges, IReadOnlyDictionary<string, int>? added, int vocabSize, string source)
    {
        Dictionary<string, int> ids = ReadIds(vocabulary, vocabSize, source);
        BpeMerge[] table = ReadMerges(merges, ids, source);
        added ??= NotMade(ids, table);
        foreach ((string token, int id) in added)
        {
            if (ids.TryGetValue(token, out int other) && other != id)
                throw new CheckpointException($"{source}: the added token {Printable.Quote(token)} has the id {id}, and {other} in the vocabulary");
            if (id >= (2L * vocabulary.Items.Count) + MostFreeIds)
                throw new CheckpointException($"{source}: the added token {Printable.Quote(token)} has the id {id}, and there are only {ids.Count} tokens");
            ids[token] = id;
        }
        var tokens = new ReadOnlyMemory<byte>[ids.Values.DefaultIfEmpty(-1).Max() + 1];
        foreach ((string token, int id) in ids)
        {
            if (!tokens[id].IsEmpty)
                throw new CheckpointException($"{source}: {Printable.Quote(token)} has the id {id}, and so has another token");
            tokens[id] = added.ContainsKey(token) ? Encoding.UTF8.GetBytes(token)
                : ByteSpelling.TryDecode(token, out byte[] bytes) ? bytes
                : throw new CheckpointException($"{source}: the token {Printable.Quote(token)} (id {id}) is not spelt in the characters that stand "
                    + "for bytes in GPT-2's vocabulary; only byte-level BPE is converted");
        }
        return VocabularyTable.Check(() => TokenizerDataBuilder.Gpt2Bpe(tokens, table, added), source);
    }

    private static Dictionary<string, int> ReadIds(DictValue vocabulary, int vocabSize, string source)
    {
        if (vocabulary.Items.Count == 0)
            throw new CheckpointException($"{source}: the vocabulary has no tokens");
        long most = (2L * vocabulary.Items.Count) + MostFreeIds;
        var ids = new Dictionary<string, int>(vocabulary.Items.Count, StringComparer.Ordinal);
        foreach ((Value key, Value value) in vocabulary.Items)
        {
            if (key is not TextValue token || value is not IntegerValue id)
                throw new CheckpointException($"{source}: the vocabulary pairs {key.Kind} with {value.Kind}; a token and its id were needed");
            string name = Printable.Quote(token.Value);
            if (token.Value.Length == 0)
                throw new CheckpointException($"{source}: the token with the id {id.Value} is empty");
            if (id.Value < 0)
                throw new CheckpointException($"{source}: the token {name} has the id {id.Value}; 0 or more was needed");
            if (id.Value >= vocabSize)
                throw new CheckpointException($"{source}: the token {name} has the id {id.Value}, and the model {vocabSize} tokens: it belongs to another model");
            if (id.Value >= most)
                throw new CheckpointException($"{source}: the token {name} has the id {id.Value}, and there are only {vocabulary.Items.Count} tokens");
            ids.Add(token.Value, (int)id.Value);
        }
        return ids;
    }

    private static BpeMerge[] ReadMerges(IReadOnlyList<(string Left, string Right)> merges, Dictionary<string, int> ids, string source)
    {
        var table = new BpeMerge[merges.Count];
        for (int i = 0; i < table.Length; i++)
        {
            (string left, string right) = merges[i];
            table[i] = new BpeMerge(Id(left, i), Id(right, i), Id(left + right, i));
            if (i > 0 && table[i].Merged <= table[i - 1].Merged)
            {
                throw new CheckpointException($"{source}: merge {i} makes token {table[i].Merged} and the one before it token {table[i - 1].Merged}; "
                    + "only vocabularies whose ids follow the order of their merges are converted");
            }
        }
        return table;

        int Id(string token, int merge) => ids.TryGetValue(token, out int id) ? id
            : throw new CheckpointException($"{source}: merge {merge} has {Printable.Quote(token)}, which is no token of the vocabulary");
    }

    // Encoding never gives them: <|endoftext|>, <pad> and their like.
    private static Dictionary<string, int> NotMade(Dictionary<string, int> ids, BpeMerge[] merges)
    {
        HashSet<int> made = [.. merges.Select(merge => merge.Merged)];
        return ids.Where(token => !made.Contains(token.Value) && !(token.Key.Length == 1 && ByteSpelling.TryDecode(token.Key, out _)))
            .ToDictionary(StringComparer.Ordinal);
    }
}
