using System.Text;
using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Vocabularies;

/// <summary>Makes a tokenizer's tables from a list of tokens, and says what is wrong with the list.</summary>
internal static class VocabularyTable
{
    /// <summary>
    /// Characters when every token is one, or else a mark in brackets such as <c>&lt;BOS&gt;</c>, which becomes a special token; else words.
    /// </summary>
    /// <param name="tokens">The tokens in id order.</param>
    /// <param name="vocabSize">V of the model, which may have more.</param>
    /// <param name="source">Where the list comes from, for messages.</param>
    /// <exception cref="CheckpointException">The list has too many tokens, one twice, or one that no text can give.</exception>
    public static TokenizerData Create(IReadOnlyList<string> tokens, int vocabSize, string source)
    {
        if (tokens.All(IsCharacter))
            return Characters(tokens, vocabSize, source);
        if (tokens.Any(IsCharacter) && tokens.All(token => IsCharacter(token) || IsMark(token)))
            return CharactersAndMarks(tokens, vocabSize, source);
        for (int id = 0; id < tokens.Count; id++)
        {
            if (tokens[id].Any(PythonWhiteSpace.Contains))
            {
                throw new CheckpointException($"{source}: token {id} is {Printable.Quote(tokens[id])}; not every token is one character, "
                    + "so this is a list of words, and a word has no white space in it");
            }
        }
        CheckCount(tokens.Count, vocabSize, source);
        return Check(() => TokenizerDataBuilder.Words(tokens), source);
    }

    /// <summary>Characters.</summary>
    /// <inheritdoc cref="Create"/>
    public static TokenizerData Characters(IReadOnlyList<string> tokens, int vocabSize, string source)
    {
        RequireCharacters(tokens, source);
        CheckCount(tokens.Count, vocabSize, source);
        return Check(() => TokenizerDataBuilder.Characters(tokens), source);
    }

    /// <summary>Fails for a token that is not one character.</summary>
    /// <returns>The tokens.</returns>
    public static T RequireCharacters<T>(T tokens, string source) where T : IReadOnlyList<string>
    {
        for (int id = 0; id < tokens.Count; id++)
        {
            if (!IsCharacter(tokens[id]))
                throw new CheckpointException($"{source}: token {id} is {Printable.Quote(tokens[id])}; one character was needed");
        }
        return tokens;
    }

    /// <summary>The strings of a list.</summary>
    /// <param name="list">The list.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="CheckpointException">An item is no string.</exception>
    public static string[] Texts(ListValue list, string source) => [.. list.Items.Select((item, index) => item is TextValue text
        ? text.Value
        : throw new CheckpointException($"{source}: item {index} is {item.Kind}; a string was needed"))];

    private static TokenizerData CharactersAndMarks(IReadOnlyList<string> tokens, int vocabSize, string source)
    {
        CheckCount(tokens.Count, vocabSize, source);
        var marks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++)
        {
            if (!IsCharacter(tokens[id]) && !marks.TryAdd(tokens[id], id))
                throw new CheckpointException($"{source}: token {id} is {Printable.Quote(tokens[id])}, and so is token {marks[tokens[id]]}");
        }
        return Check(() => TokenizerDataBuilder.Characters(tokens, marks), source);
    }

    private static bool IsMark(string token) => token is ['<', _, .., '>'] or ['[', _, .., ']'] && !token.Any(PythonWhiteSpace.Contains);

    private static bool IsCharacter(string token) =>
        token.Length is 1 or 2 && Rune.TryGetRuneAt(token, 0, out Rune rune) && rune.Utf16SequenceLength == token.Length;

    /// <summary>Builds tables that have been made from a file, and says which file when they contradict themselves.</summary>
    public static TokenizerData Check(Func<TokenizerData> build, string source)
    {
        try
        {
            TokenizerData data = build();
            TokenizerFactory.Create(data);
            return data;
        }
        catch (TokenizerDataException e)
        {
            throw new CheckpointException($"{source}: {e.Message}", e);
        }
    }

    /// <summary>Fails for more tokens than the model has.</summary>
    public static void CheckCount(int count, int vocabSize, string source)
    {
        if (count == 0)
            throw new CheckpointException($"{source} has no tokens");
        if (count > vocabSize)
            throw new CheckpointException($"{source} has more tokens than the model, which has {vocabSize}: it belongs to another model");
    }
}
